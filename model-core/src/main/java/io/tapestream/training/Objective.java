package io.tapestream.training;

import io.tapestream.losses.Loss;
import io.tapestream.metrics.MeanLoss;
import io.tapestream.metrics.Metric;
import io.tapestream.metrics.Metric.Sums;
import io.tapestream.metrics.MetricSums;
import io.tapestream.ops.Add;
import io.tapestream.ops.Scale;
import io.tapestream.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What is asked of a model: per example {@code Σ weight · loss} over its outputs, which training
 * makes small, and metrics. With several outputs each one's own loss is measured too, and names
 * tell the output: {@code digit_loss}, {@code digit_accuracy}.
 */
final class Objective {

  /** A metric of an output. */
  private record Measure(int output, String name, Metric metric) {}

  private final List<Goal> goals;
  private final List<String> outputs;
  private final List<Measure> measures = new ArrayList<>();
  private final MetricSums layout;

  /**
   * An objective.
   *
   * @param outputs the names of the model's outputs
   * @param goals one for each
   * @throws IllegalArgumentException if they are not as many, two measures share a name, or means
   *     and sums are mixed
   */
  Objective(List<String> outputs, List<Goal> goals) {
    this.goals = List.copyOf(goals);
    this.outputs = List.copyOf(outputs);
    if (goals.size() != outputs.size()) {
      throw new IllegalArgumentException(
          "the model has "
              + outputs.size()
              + " outputs "
              + outputs
              + ", got "
              + goals.size()
              + " losses; give one for each");
    }
    for (int i = 0; i < goals.size(); i++) {
      if (goals.get(i).loss().mean() != mean()) {
        throw new IllegalArgumentException(
            "a loss that is a mean and one that is a sum can't be added: "
                + goals.stream().map(Goal::loss).toList());
      }
      if (goals.size() > 1) {
        measure(i, outputs.get(i) + "_loss", new MeanLoss("loss", goals.get(i).loss()));
      }
      for (Metric metric : goals.get(i).metrics()) {
        measure(i, goals.size() > 1 ? outputs.get(i) + "_" + metric.name() : metric.name(), metric);
      }
    }
    this.layout = new MetricSums(measures.stream().map(Measure::metric).toList());
  }

  /** Of a model with one output. */
  static Objective of(Loss loss, List<Metric> metrics) {
    return new Objective(List.of("output"), List.of(new Goal(loss, 1, metrics)));
  }

  private void measure(int output, String name, Metric metric) {
    if (measures.stream().anyMatch(m -> m.name().equals(name)) || name.equals("loss")) {
      throw new IllegalArgumentException(
          "two metrics are called \"" + name + "\"; give one of them another name");
    }
    measures.add(new Measure(output, name, metric));
  }

  /** Per output, its goal. */
  List<Goal> goals() {
    return goals;
  }

  /** Whether training minimises the weighted mean over a batch; otherwise the sum. */
  boolean mean() {
    return goals.get(0).loss().mean();
  }

  /** The metrics, in the order of their sums. */
  List<Metric> metrics() {
    return layout.metrics();
  }

  /** How many pairs of sums the metrics have together. */
  int pairs() {
    return layout.pairs();
  }

  /**
   * The loss of each example, differentiable.
   *
   * @param predictions per output (n, …)
   * @param labels per output of n examples
   * @return (n)
   */
  Tensor perExample(List<Tensor> predictions, List<Tensor> labels) {
    if (predictions.size() != goals.size() || labels.size() != goals.size()) {
      throw new IllegalArgumentException(
          "there are "
              + goals.size()
              + " losses, for outputs "
              + outputs
              + ", but "
              + predictions.size()
              + " predictions and "
              + labels.size()
              + " tensors of labels");
    }
    Tensor total = weighted(0, predictions, labels);
    for (int i = 1; i < goals.size(); i++) {
      total = Add.of(total, weighted(i, predictions, labels));
    }
    return total;
  }

  private Tensor weighted(int output, List<Tensor> predictions, List<Tensor> labels) {
    Goal goal = goals.get(output);
    Tensor losses;
    try {
      losses = goal.loss().perExample(predictions.get(output), labels.get(output));
      requireOnePerExample(losses, predictions.get(output));
    } catch (IllegalArgumentException e) {
      throw named(output, e);
    }
    return goal.weight() == 1 ? losses : Scale.of(losses, goal.weight());
  }

  private static void requireOnePerExample(Tensor losses, Tensor predictions) {
    if (losses.rank() != 1 || losses.dim(0) != predictions.dim(0)) {
      throw new IllegalArgumentException(
          "a loss gives one number for each of "
              + predictions.dim(0)
              + " examples, not "
              + losses.shape());
    }
  }

  /** The error of a loss, with its name and, if there are several, its output's. */
  private IllegalArgumentException named(int output, IllegalArgumentException e) {
    String loss = goals.get(output).loss().getClass().getSimpleName();
    String message = String.valueOf(e.getMessage());
    String told = message.contains(loss) ? message : loss + ": " + message;
    return new IllegalArgumentException(
        goals.size() == 1 ? told : "output \"" + outputs.get(output) + "\": " + told, e);
  }

  /** Adds up what each metric measures. */
  void measure(List<Tensor> predictions, Batch batch, double[] sums, double[] weights) {
    int at = 0;
    for (Measure m : measures) {
      Sums measured =
          m.metric()
              .measure(
                  predictions.get(m.output()), batch.targets().get(m.output()), batch.weights());
      for (int i = 0; i < m.metric().pairs(); i++) {
        sums[at] += measured.sums()[i];
        weights[at++] += measured.weights()[i];
      }
    }
  }

  /** The metrics' values by name. */
  Map<String, Double> values(double[] sums, double[] weights) {
    Map<String, Double> values = new LinkedHashMap<>();
    for (int i = 0; i < measures.size(); i++) {
      values.put(measures.get(i).name(), layout.value(i, sums, weights));
    }
    return values;
  }
}
