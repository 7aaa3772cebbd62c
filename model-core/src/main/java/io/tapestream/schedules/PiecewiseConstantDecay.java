package io.tapestream.schedules;

import java.util.List;

/**
 * The rate stays for a while, then jumps to the next.
 *
 * <pre>
 * η(t) = values[i]     i = how many of the boundaries are smaller than t
 * </pre>
 *
 * <p>The form is that of {@code keras.optimizers.schedules.PiecewiseConstantDecay}.
 *
 * @param boundaries ascending; each the last round of its value
 * @param values one more than there are boundaries, each ≥ 0
 */
public record PiecewiseConstantDecay(List<Long> boundaries, List<Double> values)
    implements Schedule {

  /** Checks what is stated above, and keeps copies. */
  public PiecewiseConstantDecay {
    boundaries = List.copyOf(boundaries);
    values = List.copyOf(values);
    if (values.size() != boundaries.size() + 1) {
      throw new IllegalArgumentException(
          "values must be one more than boundaries, got %d values and %d boundaries"
              .formatted(values.size(), boundaries.size()));
    }
    for (int i = 1; i < boundaries.size(); i++) {
      if (boundaries.get(i) <= boundaries.get(i - 1)) {
        throw new IllegalArgumentException("boundaries must ascend, got " + boundaries);
      }
    }
    values.forEach(value -> Settings.atLeastZero("each of values", value));
  }

  @Override
  public double at(long round) {
    int passed = 0;
    while (passed < boundaries.size() && round > boundaries.get(passed)) {
      passed++;
    }
    return values.get(passed);
  }
}
