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

  /** A contestant that does one step after another. */
  public interface Step extends Contestant {

    /** Does the work of one step, however it fails. */
    void run() throws Exception;

    @Override
    default double perSecond(Duration atLeast) throws Exception {
      long start = System.nanoTime();
      long steps = 0;
      long passed;
      do {
        run();
        steps++;
        passed = System.nanoTime() - start;
      } while (passed < atLeast.toNanos());
      return steps * 1e9 / passed;
    }

    /** The same, each step counted as so many units. */
    default Contestant each(int units) {
      return atLeast -> units * perSecond(atLeast);
    }
  }

  /**
   * What each did per second in each turn.
   *
   * @param perTurn by contestant, in the order they were given
   */
  public record Speeds(Map<String, double[]> perTurn) {

    /** The median over the turns. */
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
  public Speeds measure(Map<String, ? extends Contestant> contestants) throws Exception {
    Map<String, double[]> speeds = new LinkedHashMap<>();
    List<Map.Entry<String, ? extends Contestant>> order = new ArrayList<>(contestants.entrySet());
    for (Map.Entry<String, ? extends Contestant> contestant : order) {
      contestant.getValue().perSecond(warmUp);
      speeds.put(contestant.getKey(), new double[turns]);
    }
    for (int i = 0; i < turns; i++) {
      for (Map.Entry<String, ? extends Contestant> contestant : order) {
        double[] measured = speeds.get(contestant.getKey());
        if (measured != null) {
          measured[i] = contestant.getValue().perSecond(turn);
        }
      }
    }
    return new Speeds(speeds);
  }

  /** The middle value, or the mean of the two in the middle. */
  public static double medianOf(double... values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
