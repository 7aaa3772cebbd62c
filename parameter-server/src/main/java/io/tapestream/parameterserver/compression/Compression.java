package io.tapestream.parameterserver.compression;

import io.tapestream.parameterserver.Gradient;
import java.io.Serializable;

/**
 * How the gradient of a trained block travels. An implementation is an immutable record of its
 * settings, at most one number; in a specification it is named by its class, {@code Topk(0.01)} as
 * {@code topk(0.01)}. Blocks of statistics always travel as they are.
 *
 * <p>What is sent is a pure function of the gradient and the residual, so the same bits come out
 * wherever a virtual worker is trained.
 */
public interface Compression extends Serializable {

  /**
   * The form in which a block's gradient is sent.
   *
   * @param gradient of the block, finite; given away
   * @param residual the whole model's, of the virtual worker: what it has left unsent so far. Only
   *     the block's slice is read and written, and only if {@link #keepsResidual}
   * @param from where the block begins in the residual
   */
  Gradient compress(float[] gradient, float[] residual, int from);

  /**
   * The bytes that this form takes, without the message around it. Where the rows of embedding
   * tables that a batch has named take fewer, and nothing is kept back, these are sent instead,
   * with every bit.
   *
   * @param length of the block
   */
  int bytes(int length);

  /** Whether what is not sent is kept, to be sent later. */
  boolean keepsResidual();
}
