package io.tapestream.training;

import io.tapestream.autodiff.TouchedRows;
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
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

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
  private final List<@Nullable Table> tables; // by index of the first of its ranges, else null
  private final float[] weights;
  private final float[] gradient;
  private long applied;

  /** A matrix whose untouched rows stay as they are; its ranges follow each other. */
  private record Table(int offset, int width, int rowsOfARange, int ranges, TouchedRows touched) {}

  /** Of a built model; which of its layers are frozen counts from now on. */
  public VectorUpdate(Model model, Optimizer optimizer) {
    this(model.parameters(), model.trainableEntries(), optimizer);
  }

  VectorUpdate(ParameterVector parameters, List<Entry> trained, Optimizer optimizer) {
    this.parameters = parameters;
    this.optimizer = optimizer;
    this.variables = parameters.variablesOf(trained);
    this.ranges = ranges(trained, optimizer);
    this.tables = tables(trained);
    int longest = ranges.stream().mapToInt(Range::length).max().orElse(0);
    this.weights = new float[longest];
    this.gradient = new float[longest];
  }

  private static List<Range> ranges(List<Entry> trained, Optimizer optimizer) {
    List<Range> ranges = new ArrayList<>();
    for (int i = 0; i < trained.size(); ) {
      Entry first = trained.get(i);
      int from = first.offset();
      int to = from + first.shape().size();
      i++;
      if (optimizer.granule() == Granule.TENSOR) {
        ranges.add(range(from, to - from, optimizer));
        continue;
      }
      boolean table = isTable(first, optimizer);
      while (!table
          && i < trained.size()
          && trained.get(i).offset() == to
          && !isTable(trained.get(i), optimizer)) {
        to += trained.get(i).shape().size();
        i++;
      }
      int longest = table ? rowsOfARange(first) * first.shape().dim(1) : CHUNK_FLOATS;
      for (; from < to; from += longest) {
        ranges.add(range(from, Math.min(longest, to - from), optimizer));
      }
    }
    return ranges;
  }

  /** Whether only those rows of a parameter are updated that a step has touched. */
  private static boolean isTable(Entry entry, Optimizer optimizer) {
    return optimizer.leavesZeros() && entry.shape().rank() == 2 && entry.shape().size() > 0;
  }

  /** Whole rows, so that a row lies in one range. */
  private static int rowsOfARange(Entry table) {
    return Math.max(1, CHUNK_FLOATS / table.shape().dim(1));
  }

  private List<@Nullable Table> tables(List<Entry> trained) {
    List<@Nullable Table> found = new ArrayList<>(Collections.nCopies(ranges.size(), null));
    for (int i = 0; i < trained.size(); i++) {
      Entry entry = trained.get(i);
      TouchedRows touched = variables.get(i).touchedRows();
      if (touched == null || optimizer.granule() == Granule.TENSOR || !isTable(entry, optimizer)) {
        continue;
      }
      int first = 0;
      while (ranges.get(first).from() != entry.offset()) {
        first++;
      }
      int perRange = rowsOfARange(entry);
      int count = (entry.shape().dim(0) + perRange - 1) / perRange;
      found.set(first, new Table(entry.offset(), entry.shape().dim(1), perRange, count, touched));
    }
    return found;
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
    apply(1, applied);
    parameters.clearGradients();
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
    for (int i = 0; i < ranges.size(); ) {
      Table table = tables.get(i);
      if (table != null && !table.touched.all()) {
        applyRows(table, i, by, step);
        i += table.ranges;
      } else {
        applyRange(ranges.get(i), by, step);
        i++;
      }
    }
  }

  private void applyRange(Range range, float by, Step step) {
    int n = range.length();
    parameters.gradients().read(range.from(), gradient, 0, n);
    parameters.read(range.from(), weights, 0, n);
    divide(n, by);
    optimizer.update(weights, gradient, range.slots(), 0, n, step);
    parameters.load(range.from(), weights, 0, n);
  }

  private void divide(int n, float by) {
    if (by != 1) {
      for (int i = 0; i < n; i++) {
        gradient[i] /= by;
      }
    }
  }

  /** Updates the rows that the step has touched, as many at a time as the arrays hold. */
  private void applyRows(Table table, int firstRange, float by, Step step) {
    int width = table.width;
    int most = weights.length / width;
    float[][] slots = new float[optimizer.slots()][most * width];
    for (int done = 0; done < table.touched.count(); done += most) {
      int rows = Math.min(most, table.touched.count() - done);
      for (int i = 0; i < rows; i++) {
        int row = (int) table.touched.row(done + i);
        int at = table.offset + row * width;
        parameters.gradients().read(at, gradient, i * width, width);
        parameters.read(at, weights, i * width, width);
        Range range = ranges.get(firstRange + row / table.rowsOfARange);
        for (int slot = 0; slot < slots.length; slot++) {
          System.arraycopy(range.slots()[slot], at - range.from(), slots[slot], i * width, width);
        }
      }
      divide(rows * width, by);
      optimizer.update(weights, gradient, slots, 0, rows * width, step);
      for (int i = 0; i < rows; i++) {
        int row = (int) table.touched.row(done + i);
        int at = table.offset + row * width;
        parameters.load(at, weights, i * width, width);
        Range range = ranges.get(firstRange + row / table.rowsOfARange);
        for (int slot = 0; slot < slots.length; slot++) {
          System.arraycopy(slots[slot], i * width, range.slots()[slot], at - range.from(), width);
        }
      }
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
