package io.tapestream.training;

import io.tapestream.autodiff.Variable;
import io.tapestream.models.Model;
import io.tapestream.models.ParameterVector;
import io.tapestream.models.ParameterVector.Entry;
import io.tapestream.optimizers.Granule;
import io.tapestream.optimizers.Optimizer;
import io.tapestream.optimizers.Step;
import io.tapestream.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * An optimizer and its memory for a model's trained parameters, those of frozen layers left out.
 * {@code fit} has one; so does a loop of one's own:
 *
 * <pre>{@code
 * VectorUpdate update = new VectorUpdate(model, new Adam());
 * for (Batch batch : batches) {
 *   try (GradientTape tape = new GradientTape()) {
 *     Tensor y = model.apply(batch.features(), Context.training(seed, 0, step++));
 *     tape.accumulate(Mean.of(loss.perExample(y, batch.labels())), model.trainableVariables());
 *   }
 *   update.applyGradients();
 * }
 * }</pre>
 *
 * <p>The vectors lie off the heap and the rules work on arrays, so they pass through chunks that
 * stay in the processor's cache.
 */
public final class VectorUpdate {
  private static final int CHUNK_FLOATS = 16 * 1024;

  /** A stretch of the vector and the optimizer's memory for it. */
  @SuppressWarnings("ArrayRecordComponent") // a holder, never compared
  private record Range(int from, int length, float[][] slots) {}

  private final ParameterVector parameters;
  private final Optimizer optimizer;
  private final List<Variable> variables;
  private final List<Range> ranges;
  private final float[] weights;
  private final float[] gradient;
  private long applied;

  /** Of a built model; which of its layers are frozen counts from now on. */
  public VectorUpdate(Model model, Optimizer optimizer) {
    this(model.parameters(), model.trainableEntries(), optimizer);
  }

  VectorUpdate(ParameterVector parameters, List<Entry> trained, Optimizer optimizer) {
    this.parameters = parameters;
    this.optimizer = optimizer;
    this.variables = parameters.variablesOf(trained);
    this.ranges = ranges(trained, optimizer);
    int longest = ranges.stream().mapToInt(Range::length).max().orElse(0);
    this.weights = new float[longest];
    this.gradient = new float[longest];
  }

  private static List<Range> ranges(List<Entry> trained, Optimizer optimizer) {
    List<Range> ranges = new ArrayList<>();
    if (optimizer.granule() == Granule.TENSOR) {
      for (Entry entry : trained) {
        ranges.add(range(entry.offset(), entry.shape().size(), optimizer));
      }
      return ranges;
    }
    for (int i = 0; i < trained.size(); ) {
      int from = trained.get(i).offset();
      int to = from;
      for (; i < trained.size() && trained.get(i).offset() == to; i++) {
        to += trained.get(i).shape().size();
      }
      for (; from < to; from += CHUNK_FLOATS) {
        ranges.add(range(from, Math.min(CHUNK_FLOATS, to - from), optimizer));
      }
    }
    return ranges;
  }

  private static Range range(int from, int length, Optimizer optimizer) {
    return new Range(from, length, optimizer.newSlots(length));
  }

  /**
   * Moves the parameters against gradients.
   *
   * @param gradients in the order of {@link Model#trainableVariables}, each of its variable's shape
   */
  public void applyGradients(List<Tensor> gradients) {
    if (gradients.size() != variables.size()) {
      throw new IllegalArgumentException(
          "there are "
              + variables.size()
              + " trainable variables, got "
              + gradients.size()
              + " gradients");
    }
    for (int i = 0; i < variables.size(); i++) {
      variables.get(i).gradient().copyFrom(gradients.get(i));
    }
    applyGradients();
  }

  /** Moves the parameters against the gradients that lie in the variables, and clears those. */
  public void applyGradients() {
    move(1, applied);
    parameters.gradients().clear();
  }

  /**
   * Moves the parameters against their gradient.
   *
   * @param divisor what the summed gradient is divided by: the batch's weight for a mean loss, else
   *     1
   * @param round steps before this one, those that moved nothing included
   */
  void apply(double divisor, long round) {
    move(divisor, round);
  }

  private void move(double divisor, long round) {
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

  // What a saved model keeps

  /** Updates so far. */
  public long applied() {
    return applied;
  }

  /** A slot of all trained parameters, flat; what belongs to frozen ones is as it began. */
  public float[] slot(int slot) {
    float[] flat = new float[parameters.trainedSize()];
    Arrays.fill(flat, optimizer.initialSlot(slot));
    for (Range range : ranges) {
      System.arraycopy(range.slots()[slot], 0, flat, range.from(), range.length());
    }
    return flat;
  }

  /**
   * Goes on from an earlier state.
   *
   * @param newApplied updates so far
   * @param slots per slot, its values for all trained parameters
   */
  public void restore(long newApplied, List<float[]> slots) {
    applied = newApplied;
    for (Range range : ranges) {
      for (int slot = 0; slot < range.slots().length; slot++) {
        System.arraycopy(slots.get(slot), range.from(), range.slots()[slot], 0, range.length());
      }
    }
  }
}
