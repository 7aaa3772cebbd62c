package io.tapestream.training;

import io.tapestream.models.ParameterVector;
import io.tapestream.models.ParameterVector.Entry;
import io.tapestream.optimizers.Granule;
import io.tapestream.optimizers.Optimizer;
import io.tapestream.optimizers.Step;
import java.util.ArrayList;
import java.util.List;

/**
 * An optimizer and its memory for a model's trained parameters. The vectors lie off the heap and
 * the rules work on arrays, so they pass through chunks that stay in the processor's cache.
 */
final class VectorUpdate {
  private static final int CHUNK_FLOATS = 16 * 1024;

  /** A stretch of the vector and the optimizer's memory for it. */
  @SuppressWarnings("ArrayRecordComponent") // a holder, never compared
  private record Range(int from, int length, float[][] slots) {}

  private final ParameterVector parameters;
  private final Optimizer optimizer;
  private final List<Range> ranges;
  private final float[] weights;
  private final float[] gradient;
  private long applied;

  VectorUpdate(ParameterVector parameters, Optimizer optimizer) {
    this.parameters = parameters;
    this.optimizer = optimizer;
    this.ranges = ranges(parameters, optimizer);
    int longest = ranges.stream().mapToInt(Range::length).max().orElse(0);
    this.weights = new float[longest];
    this.gradient = new float[longest];
  }

  private static List<Range> ranges(ParameterVector parameters, Optimizer optimizer) {
    if (optimizer.granule() == Granule.TENSOR) {
      return parameters.entries().stream()
          .filter(Entry::trained)
          .map(e -> range(e.offset(), e.shape().size(), optimizer))
          .toList();
    }
    List<Range> ranges = new ArrayList<>();
    for (int from = 0; from < parameters.trainedSize(); from += CHUNK_FLOATS) {
      ranges.add(range(from, Math.min(CHUNK_FLOATS, parameters.trainedSize() - from), optimizer));
    }
    return ranges;
  }

  private static Range range(int from, int length, Optimizer optimizer) {
    return new Range(from, length, optimizer.newSlots(length));
  }

  /**
   * Moves the parameters against their gradient.
   *
   * @param divisor what the summed gradient is divided by: the batch's weight for a mean loss, else
   *     1
   * @param round steps before this one, those that moved nothing included
   */
  void apply(double divisor, long round) {
    Step step = new Step(++applied, round);
    float by = (float) divisor;
    for (Range range : ranges) {
      int n = range.length();
      parameters.gradients().read(range.from(), gradient, 0, n);
      parameters.read(range.from(), weights, 0, n);
      if (by != 1) {
        for (int i = 0; i < n; i++) {
          gradient[i] /= by;
        }
      }
      optimizer.update(weights, gradient, range.slots(), 0, n, step);
      parameters.load(range.from(), weights, 0, n);
    }
  }
}
