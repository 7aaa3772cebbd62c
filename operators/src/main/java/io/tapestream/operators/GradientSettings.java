package io.tapestream.operators;

import io.tapestream.clipping.Clipping;
import java.io.Serializable;

/**
 * What becomes of a batch's gradient before it counts.
 *
 * @param maxNorm a batch whose gradient's norm, as an optimizer would step with it alone, exceeds
 *     this is skipped; {@link Double#POSITIVE_INFINITY} skips only what is not finite
 * @param stopAfter training stops after this many skipped batches in a row
 * @param clipping bounds a gradient that counts
 */
public record GradientSettings(double maxNorm, long stopAfter, Clipping clipping)
    implements Serializable {

  /** Only what is not finite is skipped, training never stops, and nothing is clipped. */
  public static final GradientSettings DEFAULT =
      new GradientSettings(Double.POSITIVE_INFINITY, Long.MAX_VALUE, Clipping.NONE);

  public GradientSettings {
    if (!(maxNorm > 0) || stopAfter < 1) {
      throw new IllegalArgumentException(
          "maxNorm is %s and stopAfter %d: give numbers above 0".formatted(maxNorm, stopAfter));
    }
  }
}
