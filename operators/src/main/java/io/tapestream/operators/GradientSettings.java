package io.tapestream.operators;

import io.tapestream.clipping.Clipping;
import io.tapestream.parameterserver.RoundClipping;
import io.tapestream.parameterserver.compression.Compression;
import io.tapestream.parameterserver.compression.None;
import java.io.Serializable;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of a batch's gradient before it counts.
 *
 * @param maxNorm a batch whose gradient's norm, as an optimizer would step with it alone, exceeds
 *     this is skipped, as one that is not finite always is
 * @param stopAfter training stops after this many skipped batches in a row
 * @param clipping bounds a gradient that counts
 * @param compression how it then travels
 * @param roundClip bounds the gradient of a whole round; null if nothing does
 */
public record GradientSettings(
    double maxNorm,
    long stopAfter,
    Clipping clipping,
    Compression compression,
    @Nullable RoundClipping roundClip)
    implements Serializable {

  /**
   * The bound where none is chosen: what is beyond it is no gradient any more, and its square,
   * which optimizers remember, would come near to the largest float.
   */
  public static final double DEFAULT_MAX_NORM = 1e18;

  /** Training never stops, nothing is clipped or compressed. */
  public static final GradientSettings DEFAULT =
      new GradientSettings(DEFAULT_MAX_NORM, Long.MAX_VALUE, Clipping.NONE, new None(), null);

  /** Settings under which gradients travel as they are. */
  public GradientSettings(double maxNorm, long stopAfter, Clipping clipping) {
    this(maxNorm, stopAfter, clipping, new None(), null);
  }

  public GradientSettings {
    if (!(maxNorm > 0) || stopAfter < 1) {
      throw new IllegalArgumentException(
          "maxNorm is %s and stopAfter %d: give numbers above 0".formatted(maxNorm, stopAfter));
    }
  }

  /** The bound on the gradient of a whole round. */
  public Optional<RoundClipping> roundClipping() {
    return Optional.ofNullable(roundClip);
  }
}
