package io.tapestream.training;

import java.util.Arrays;

/**
 * What a step computed, beside the gradient. Loss and metrics are those of the weights before their
 * update.
 *
 * @param lossSum Σ weight · loss over the examples
 * @param weightSum Σ weight
 * @param examples the number of examples, those of weight 0 included
 * @param metricSums per metric, its sum
 * @param metricWeights per metric, the weight to divide its sum by
 * @param finite whether the loss, every gradient and all statistics are finite numbers
 * @param gradientNorm √Σg² over the trained parameters, of the gradient of the summed loss,
 *     computed in double in the order of the vector
 */
@SuppressWarnings(
    "ArrayRecordComponent") // compared by content below; arrays for the sums that travel
public record StepResult(
    double lossSum,
    double weightSum,
    int examples,
    double[] metricSums,
    double[] metricWeights,
    boolean finite,
    double gradientNorm) {

  /** The mean loss; NaN if no example counts. */
  public double meanLoss() {
    return lossSum / weightSum;
  }

  /**
   * The norm of the gradient that an optimizer would step with.
   *
   * @param meanLoss whether it is divided by the examples' weight
   * @return NaN if it is divided and no example counts
   */
  public double gradientNorm(boolean meanLoss) {
    return meanLoss ? gradientNorm / weightSum : gradientNorm;
  }

  /** The value of a metric; NaN if no example counts. */
  public double metric(int index) {
    return metricSums[index] / metricWeights[index];
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof StepResult r
        && Double.compare(lossSum, r.lossSum) == 0
        && Double.compare(weightSum, r.weightSum) == 0
        && examples == r.examples
        && Arrays.equals(metricSums, r.metricSums)
        && Arrays.equals(metricWeights, r.metricWeights)
        && finite == r.finite
        && Double.compare(gradientNorm, r.gradientNorm) == 0;
  }

  @Override
  public int hashCode() {
    return Double.hashCode(lossSum) * 31 + Double.hashCode(gradientNorm);
  }

  @Override
  public String toString() {
    return "StepResult[lossSum="
        + lossSum
        + ", weightSum="
        + weightSum
        + ", examples="
        + examples
        + ", metricSums="
        + Arrays.toString(metricSums)
        + ", metricWeights="
        + Arrays.toString(metricWeights)
        + ", finite="
        + finite
        + ", gradientNorm="
        + gradientNorm
        + "]";
  }
}
