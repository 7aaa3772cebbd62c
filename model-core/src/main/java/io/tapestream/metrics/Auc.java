package io.tapestream.metrics;

import io.tapestream.losses.BinaryCrossEntropy;
import io.tapestream.losses.Loss;
import io.tapestream.tensor.Tensor;

/**
 * The area under a curve of a binary classifier, approximated at evenly spread thresholds; Keras's
 * {@code AUC}. Its sums are histograms of the predictions, so they add up over batches and over
 * virtual workers: pair <i>j</i> holds the weights of the positive and of the negative outputs p
 * with {@code j / (thresholds − 1) < p ≤ (j + 1) / (thresholds − 1)}, those of p = 0 in the first.
 *
 * <p>Predictions: (n, …), in [0, 1] or logits. Labels: as many, 0 or 1. Each output counts by its
 * example's weight.
 *
 * <p>The interpolation under a precision-recall curve is that of Davis and Goadrich, "The
 * relationship between precision-recall and ROC curves", 2006.
 *
 * @param thresholds at least 2; the curve has as many points
 * @param curve whose area it is
 * @param summation how the area between two points is taken
 * @param fromLogits whether predictions are logits; with a cross-entropy from logits they always
 *     are
 */
public record Auc(int thresholds, Curve curve, Summation summation, boolean fromLogits)
    implements Metric {

  /** A curve of a binary classifier. */
  public enum Curve {
    /** True positive rate over false positive rate. */
    ROC,
    /** Precision over recall. */
    PR
  }

  /** How the area between two points of a curve is taken. */
  public enum Summation {
    /** Of the trapezium under the curve; under a precision-recall curve by Davis and Goadrich. */
    INTERPOLATION,
    /** Of the lower rectangle. */
    MINORING,
    /** Of the upper rectangle. */
    MAJORING
  }

  /** Keras's defaults: 200 thresholds, under the ROC curve. */
  public Auc() {
    this(200, Curve.ROC, Summation.INTERPOLATION, false);
  }

  /** Keras's defaults for another curve. */
  public Auc(Curve curve) {
    this(200, curve, Summation.INTERPOLATION, false);
  }

  /** Checks that there are thresholds. */
  public Auc {
    if (thresholds < 2) {
      throw new IllegalArgumentException("Auc: thresholds must be at least 2, got " + thresholds);
    }
  }

  /** {@code auc}, or {@code pr_auc} under a precision-recall curve. */
  @Override
  public String name() {
    return curve == Curve.ROC ? "auc" : "pr_auc";
  }

  @Override
  public Metric forLoss(Loss loss) {
    return loss instanceof BinaryCrossEntropy entropy && entropy.fromLogits()
        ? new Auc(thresholds, curve, summation, true)
        : this;
  }

  @Override
  public int pairs() {
    return thresholds - 1;
  }

  @Override
  public Sums measure(Tensor predictions, Tensor labels, Tensor weights) {
    if (predictions.size() != labels.size()) {
      throw new IllegalArgumentException(
          "Auc compares as many predictions as labels, got "
              + predictions.shape()
              + " and "
              + labels.shape());
    }
    double[] predicted = predictions.toDoubles();
    double[] expected = labels.toDoubles();
    double[] weight = weights.toDoubles();
    double[] positives = new double[pairs()];
    double[] negatives = new double[pairs()];
    int width = weight.length == 0 ? 0 : predicted.length / weight.length;
    for (int i = 0; i < predicted.length; i++) {
      double counts = weight[i / width];
      if (counts != 0) {
        (expected[i] > 0.5 ? positives : negatives)[bucket(predicted[i])] += counts;
      }
    }
    return new Sums(positives, negatives);
  }

  /** Where a prediction counts; one that is not a number, in the first bucket. */
  private int bucket(double prediction) {
    double p = fromLogits ? 1 / (1 + Math.exp(-prediction)) : prediction;
    if (p < 0 || p > 1) {
      throw new IllegalArgumentException(
          "Auc takes probabilities in [0, 1], got "
              + prediction
              + "; set fromLogits, or end the model in a sigmoid");
    }
    return Math.max(0, (int) Math.ceil(p * (thresholds - 1)) - 1);
  }

  @Override
  public double value(Sums total) {
    double[] truePositives = above(total.sums());
    double[] falsePositives = above(total.weights());
    if (truePositives[0] == 0 && falsePositives[0] == 0) {
      return Double.NaN;
    }
    if (curve == Curve.PR && summation == Summation.INTERPOLATION) {
      return interpolated(truePositives, falsePositives);
    }
    double area = 0;
    for (int i = 0; i < thresholds - 1; i++) {
      double here = y(truePositives, falsePositives, i);
      double next = y(truePositives, falsePositives, i + 1);
      double height =
          switch (summation) {
            case INTERPOLATION -> (here + next) / 2;
            case MINORING -> Math.min(here, next);
            case MAJORING -> Math.max(here, next);
          };
      area +=
          (x(truePositives, falsePositives, i) - x(truePositives, falsePositives, i + 1)) * height;
    }
    return area;
  }

  private double x(double[] truePositives, double[] falsePositives, int i) {
    return curve == Curve.ROC
        ? ratio(falsePositives[i], falsePositives[0])
        : ratio(truePositives[i], truePositives[0]);
  }

  private double y(double[] truePositives, double[] falsePositives, int i) {
    return curve == Curve.ROC
        ? ratio(truePositives[i], truePositives[0])
        : ratio(truePositives[i], truePositives[i] + falsePositives[i]);
  }

  /** Between two points true positives are linear in all positives, and precision is not. */
  private static double interpolated(double[] truePositives, double[] falsePositives) {
    double area = 0;
    for (int i = 0; i + 1 < truePositives.length; i++) {
      double here = truePositives[i] + falsePositives[i];
      double next = truePositives[i + 1] + falsePositives[i + 1];
      double gained = truePositives[i] - truePositives[i + 1];
      double slope = ratio(gained, here - next);
      double intercept = truePositives[i + 1] - slope * next;
      double logRatio = here > 0 && next > 0 ? Math.log(here / next) : 0;
      area += ratio(slope * (gained + intercept * logRatio), truePositives[0]);
    }
    return area;
  }

  /** Per threshold, the weight of what is predicted above it; the last one is above everything. */
  private static double[] above(double[] buckets) {
    double[] above = new double[buckets.length + 1];
    for (int i = buckets.length - 1; i >= 0; i--) {
      above[i] = above[i + 1] + buckets[i];
    }
    return above;
  }

  /** 0 where there is nothing to divide by, as in Keras. */
  private static double ratio(double part, double whole) {
    return whole == 0 ? 0 : part / whole;
  }
}
