package io.tapestream.metrics;

import io.tapestream.losses.Loss;
import io.tapestream.specs.Specified;
import io.tapestream.tensor.Tensor;
import java.util.Arrays;

/**
 * A number about predictions, from sums that add up over pieces, batches and virtual workers; an
 * immutable record. Most are weighted means over examples: one pair of sums.
 */
public interface Metric extends Specified {

  /**
   * Sums over some examples: pairs of numbers, each of which adds up.
   *
   * @param sums in a weighted mean's one pair, what is measured, each example's by its weight
   * @param weights in a weighted mean's one pair, the weight of the examples
   */
  @SuppressWarnings("ArrayRecordComponent") // compared by content below; arrays, for they travel
  record Sums(double[] sums, double[] weights) {

    /** Checks that they are pairs. */
    public Sums {
      if (sums.length != weights.length) {
        throw new IllegalArgumentException(
            sums.length + " sums but " + weights.length + " weights are no pairs");
      }
    }

    /** Those of a weighted mean. */
    public Sums(double sum, double weight) {
      this(new double[] {sum}, new double[] {weight});
    }

    /** A weighted mean: the first sum over the first weight; NaN if nothing counts. */
    public double mean() {
      return sums[0] / weights[0];
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Sums s
          && Arrays.equals(sums, s.sums)
          && Arrays.equals(weights, s.weights);
    }

    @Override
    public int hashCode() {
      return 31 * Arrays.hashCode(sums) + Arrays.hashCode(weights);
    }

    @Override
    public String toString() {
      return Arrays.toString(sums) + " / " + Arrays.toString(weights);
    }
  }

  /** The name it is told by, such as {@code accuracy}. */
  String name();

  /** How many pairs {@link #measure} gives; always as many. */
  default int pairs() {
    return 1;
  }

  /**
   * Measures some examples.
   *
   * @param predictions (n, …)
   * @param labels of n examples
   * @param weights (n)
   */
  Sums measure(Tensor predictions, Tensor labels, Tensor weights);

  /** The metric's value; NaN if no example counts. */
  default double value(Sums total) {
    return total.mean();
  }

  /** The metric to use with this loss: most are the same with any. */
  default Metric forLoss(Loss loss) {
    return this;
  }
}
