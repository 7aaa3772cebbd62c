package io.tapestream.operators;

import io.tapestream.clipping.Clipping;
import java.io.Serializable;

/**
 * What becomes of a batch's gradient before it counts.
 *
 * @param maxNorm a batch whose gradient's norm, as an optimizer would step with it alone, exceeds
 *     this is skipped; {@link Double#POSITIVE_INFINITY} skips only what is not finite
 * @param clipping bounds a gradient that counts
 */
public record GradientSettings(double maxNorm, Clipping clipping) implements Serializable {

  /** Only what is not finite is skipped, and nothing clipped. */
  public static final GradientSettings DEFAULT =
      new GradientSettings(Double.POSITIVE_INFINITY, Clipping.NONE);

  public GradientSettings {
    if (!(maxNorm > 0)) {
      throw new IllegalArgumentException("maxNorm is " + maxNorm + ": give a number above 0");
    }
  }
}
