package io.tapestream.backend;

import io.tapestream.tensor.Tensor;

/**
 * Primitives that do the work of several of {@link Backend}'s in one pass through memory, with the
 * same bits. A backend that has them implements this interface too.
 */
public interface FusedPrimitives {

  /** Whether the others of these primitives can do this. */
  boolean fuses(RectifiedNorm norm);

  /** Overwrites {@code norm.y()}, and notes in {@code norm.between()} what its gradient needs. */
  void rectifiedNorm(RectifiedNorm norm);

  /**
   * The gradients of {@code maxPool2d} and {@code rectify}, of which {@link Backend#normalizeSums}
   * makes these.
   *
   * @param norm as it was computed
   * @param dy the gradient of {@code norm.y()}
   * @param dgamma (k), overwritten
   * @param dbeta (k), overwritten
   */
  void rectifiedNormSums(RectifiedNorm norm, Tensor dy, Tensor dgamma, Tensor dbeta);

  /**
   * The gradients of {@code maxPool2d} and {@code rectify}, of which {@link
   * Backend#normalizeGradient} makes that of {@code norm.x()}.
   *
   * @param norm as it was computed
   * @param dy the gradient of {@code norm.y()}
   * @param dgamma of {@link #rectifiedNormSums}
   * @param dbeta likewise
   * @param dx overwritten
   */
  void rectifiedNormGradient(RectifiedNorm norm, Tensor dy, Tensor dgamma, Tensor dbeta, Tensor dx);
}
