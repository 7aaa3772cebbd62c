package io.tapestream.parameterserver;

/**
 * What a contribution reports about the batch it was made of. Headers add up: the sum of a round's
 * headers is the round's report.
 *
 * @param weight the sum of the examples' weights, finite and at least 0; 0 marks a contribution
 *     that advances its virtual worker's clock and touches nothing else
 * @param lossSum the sum of the weighted losses
 * @param metricSums for each metric the sum of its weighted values
 * @param metricWeights for each metric the sum of the weights
 * @param records raw records in the batch, rejected ones included
 * @param skipped batches that were refused whole by the trainer's guard: 1 for one, which has
 *     weight 0 then
 */
@SuppressWarnings("ArrayRecordComponent") // summed by index, compared by nobody
public record Header(
    double weight,
    double lossSum,
    double[] metricSums,
    double[] metricWeights,
    long records,
    long skipped) {

  /** The header of no batch at all, the zero of {@link #plus}. */
  public static final Header NONE = new Header(0, 0, new double[0], new double[0], 0);

  /** The header of a batch that was not skipped. */
  public Header(
      double weight, double lossSum, double[] metricSums, double[] metricWeights, long records) {
    this(weight, lossSum, metricSums, metricWeights, records, 0);
  }

  /** The header of a batch that was skipped. */
  public static Header skipped(long records) {
    return new Header(0, 0, new double[0], new double[0], records, 1);
  }

  /** Refuses metric arrays of different lengths. */
  public Header {
    if (metricSums.length != metricWeights.length) {
      throw new IllegalArgumentException(
          "%d metric sums but %d metric weights"
              .formatted(metricSums.length, metricWeights.length));
    }
  }

  /** The mean weighted loss, NaN for a header without weight. */
  public double loss() {
    return lossSum / weight;
  }

  /** The mean of metric {@code index}, NaN for a header without weight. */
  public double metric(int index) {
    return metricSums[index] / metricWeights[index];
  }

  /** The same report without its metrics; what is added to it later may know others. */
  public Header withoutMetrics() {
    return new Header(weight, lossSum, new double[0], new double[0], records, skipped);
  }

  /** The report of this batch and another together; both know the same metrics. */
  public Header plus(Header other) {
    return new Header(
        weight + other.weight,
        lossSum + other.lossSum,
        sum(metricSums, other.metricSums),
        sum(metricWeights, other.metricWeights),
        records + other.records,
        skipped + other.skipped);
  }

  private static double[] sum(double[] a, double[] b) {
    if (a.length == 0 || b.length == 0) {
      return a.length == 0 ? b : a;
    }
    if (a.length != b.length) {
      throw new IllegalArgumentException(
          "headers of %d and %d metrics do not add up".formatted(a.length, b.length));
    }
    double[] sum = new double[a.length];
    for (int i = 0; i < sum.length; i++) {
      sum[i] = a[i] + b[i];
    }
    return sum;
  }
}
