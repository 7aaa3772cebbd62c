package io.tapestream.training;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How good predictions are.
 *
 * @param loss the weighted mean, or the sum for a loss that is a sum
 * @param metrics by name
 * @param examples that were seen
 */
public record Scores(double loss, Map<String, Double> metrics, int examples) {

  /** Keeps the order of the metrics. */
  public Scores {
    metrics = Collections.unmodifiableMap(new LinkedHashMap<>(metrics));
  }

  /**
   * The value of a metric.
   *
   * @throws IllegalArgumentException if there is none of this name
   */
  public double metric(String name) {
    Double value = metrics.get(name);
    if (value == null) {
      throw new IllegalArgumentException(
          "no metric \"" + name + "\"; there are " + metrics.keySet());
    }
    return value;
  }

  /** The loss, for {@code loss}, or a metric. */
  double value(String name) {
    return name.equals("loss") ? loss : metric(name);
  }

  /** All values, the loss first, each name after a prefix. */
  Map<String, Double> values(String prefix) {
    Map<String, Double> values = new LinkedHashMap<>();
    values.put(prefix + "loss", loss);
    metrics.forEach((name, value) -> values.put(prefix + name, value));
    return values;
  }

  static Scores of(Totals totals, Objective objective) {
    return new Scores(
        objective.mean() ? totals.lossSum / totals.weightSum : totals.lossSum,
        objective.values(totals.metricSums, totals.metricWeights),
        totals.examples);
  }
}
