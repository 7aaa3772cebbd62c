package io.tapestream.benchmarks.chaos;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * How a run went.
 *
 * @param recoveries from each kill to the next applied round
 * @param problem what is wrong with the weights or their offsets; empty if each record has counted
 *     exactly once and, where it is promised, the bits are those of an undisturbed run
 * @param time of the whole run
 */
public record Outcome(List<Recovery> recoveries, Optional<String> problem, Duration time) {

  /** One kill or rescale, and how long nothing was applied. */
  public record Recovery(Fault fault, Duration time) {}

  public Outcome {
    recoveries = List.copyOf(recoveries);
  }

  /** The middle one of a fault's recoveries, the later of two. */
  public Optional<Duration> median(Fault fault) {
    List<Duration> sorted = times(fault).sorted().toList();
    return sorted.isEmpty() ? Optional.empty() : Optional.of(sorted.get(sorted.size() / 2));
  }

  /** The longest of a fault's recoveries. */
  public Optional<Duration> longest(Fault fault) {
    return times(fault).max(Duration::compareTo);
  }

  private Stream<Duration> times(Fault fault) {
    return recoveries.stream().filter(r -> r.fault() == fault).map(Recovery::time);
  }
}
