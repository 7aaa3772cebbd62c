package io.tapestream.parameterserver;

import java.io.Serializable;

/**
 * A bound on the gradient of a whole round, after all contributions to it have been added:
 *
 * <pre>
 * g ← g · norm / ‖g‖      if ‖g‖ &gt; norm
 * </pre>
 *
 * <p>That is what Keras's {@code global_clipnorm} does to the joined batch of all virtual workers.
 *
 * @param norm the most that ‖g‖ may be, above 0
 */
public record RoundClipping(double norm) implements Serializable {

  /** Checks the bound. */
  public RoundClipping {
    if (!(norm > 0 && norm < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("norm is %s: give a number above 0".formatted(norm));
    }
  }

  /**
   * What the gradient is multiplied by.
   *
   * @param squares of each block, by index; added in that order, so that everyone finds the same
   * @return above 0 and at most 1
   */
  public double factor(double[] squares) {
    double sum = 0;
    for (double part : squares) {
      sum += part;
    }
    double length = Math.sqrt(sum);
    return length > norm ? norm / length : 1;
  }
}
