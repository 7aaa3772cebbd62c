package io.tapestream.benchmarks;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Measures contestants in turn, A B A B …, so that a machine whose speed drifts is fair to each.
 *
 * @param warmUp how long each runs before it counts
 * @param turn how long one counted turn lasts
 * @param turns counted turns of each
 */
public record Interleaved(Duration warmUp, Duration turn, int turns) {

  /** Enough for steps of milliseconds. */
  public static final Interleaved DEFAULT =
      new Interleaved(Duration.ofSeconds(2), Duration.ofSeconds(1), 7);

  /** One step of a contestant. */
  @FunctionalInterface
  public interface Step {

    /** Does the work of one step, however it fails. */
    void run() throws Exception;
  }

  /**
   * Steps per second in each turn.
   *
   * @param perTurn by contestant, in the order they were given
   */
  public record Speeds(Map<String, double[]> perTurn) {

    /** The median over the turns, in steps per second. */
    public double median(String contestant) {
      return medianOf(turns(contestant));
    }

    /** The median of the turns' ratios; above 1 the first is faster. */
    public double ratio(String contestant, String over) {
      double[] a = turns(contestant);
      double[] b = turns(over);
      double[] ratios = new double[a.length];
      Arrays.setAll(ratios, i -> a[i] / b[i]);
      return medianOf(ratios);
    }

    private double[] turns(String contestant) {
      double[] speeds = perTurn.get(contestant);
      if (speeds == null) {
        throw new IllegalArgumentException("no contestant " + contestant);
      }
      return speeds;
    }
  }

  /** Runs all contestants. */
  public Speeds measure(Map<String, Step> contestants) throws Exception {
    Map<String, double[]> speeds = new LinkedHashMap<>();
    List<Map.Entry<String, Step>> order = new ArrayList<>(contestants.entrySet());
    for (Map.Entry<String, Step> contestant : order) {
      stepsPerSecond(contestant.getValue(), warmUp);
      speeds.put(contestant.getKey(), new double[turns]);
    }
    for (int i = 0; i < turns; i++) {
      for (Map.Entry<String, Step> contestant : order) {
        double[] measured = speeds.get(contestant.getKey());
        if (measured != null) {
          measured[i] = stepsPerSecond(contestant.getValue(), turn);
        }
      }
    }
    return new Speeds(speeds);
  }

  private static double stepsPerSecond(Step step, Duration atLeast) throws Exception {
    long start = System.nanoTime();
    long steps = 0;
    long passed;
    do {
      step.run();
      steps++;
      passed = System.nanoTime() - start;
    } while (passed < atLeast.toNanos());
    return steps * 1e9 / passed;
  }

  /** The middle value, or the mean of the two in the middle. */
  public static double medianOf(double... values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
