package io.tapestream.training;

import io.tapestream.autodiff.TouchedRows;
import io.tapestream.autodiff.Variable;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.backend.Crew;
import io.tapestream.clipping.Clipping;
import io.tapestream.models.Model;
import io.tapestream.models.ParameterVector;
import io.tapestream.models.ParameterVector.Entry;
import io.tapestream.optimizers.Granule;
import io.tapestream.optimizers.Optimizer;
import io.tapestream.optimizers.Step;
import io.tapestream.tensor.Tensor;
import io.tapestream.tensor.Workspace;
import java.util.ArrayList;
import java.util.Arrays;
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
 * stay in the processor's cache. A thread that has entered a {@link Crew} is helped by it.
 */
@SuppressWarnings("try") // workspace scopes act by being open
public final class VectorUpdate {
  /** Floats of a range: with the optimizer's memory they stay in the first-level cache. */
  private static final int RANGE_FLOATS = 4 * 1024;

  /** Ranges that one thread updates at a time. */
  private static final int RANGES_OF_A_PART = 8;

  /** A stretch of the vector and the optimizer's memory for it. */
  @SuppressWarnings("ArrayRecordComponent") // a holder, never compared
  private record Range(int from, int length, float[][] slots) {}

  private final ParameterVector parameters;
  private final Optimizer optimizer;
  private final Clipping clipping;
  private final List<Variable> variables;
  private final List<Range> ranges;
  private final List<Table> tables;
  private final ThreadLocal<Room> rooms;
  private long applied;

  /** A matrix whose untouched rows stay as they are; its ranges follow each other. */
  private record Table(
      Tensor weights,
      Tensor gradients,
      Tensor room,
      int offset,
      int rowsOfARange,
      int firstRange,
      int ranges,
      Entry entry,
      TouchedRows touched) {

    int width() {
      return weights.dim(1);
    }
  }

  /** What passes through the cache. */
  @SuppressWarnings("ArrayRecordComponent") // a holder, never compared
  private record Room(float[] weights, float[] gradient) {}

  /** Of a built model; which of its layers are frozen counts from now on. */
  public VectorUpdate(Model model, Optimizer optimizer) {
    this(model, optimizer, Clipping.NONE);
  }

  /** The same, each gradient that {@link #applyGradients()} finds clipped before. */
  public VectorUpdate(Model model, Optimizer optimizer, Clipping clipping) {
    this(model.parameters(), model.trainableEntries(), optimizer, clipping);
  }

  VectorUpdate(ParameterVector parameters, List<Entry> trained, Optimizer optimizer) {
    this(parameters, trained, optimizer, Clipping.NONE);
  }

  private VectorUpdate(
      ParameterVector parameters, List<Entry> trained, Optimizer optimizer, Clipping clipping) {
    this.parameters = parameters;
    this.optimizer = optimizer;
    this.clipping = clipping;
    this.variables = parameters.variablesOf(trained);
    this.ranges = ranges(trained, optimizer);
    this.tables = tables(trained);
    int longest = ranges.stream().mapToInt(Range::length).max().orElse(0);
    this.rooms = ThreadLocal.withInitial(() -> new Room(new float[longest], new float[longest]));
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
      int longest = table ? rowsOfARange(first) * first.shape().dim(1) : RANGE_FLOATS;
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
    return Math.max(1, RANGE_FLOATS / table.shape().dim(1));
  }

  private List<Table> tables(List<Entry> trained) {
    List<Table> found = new ArrayList<>();
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
      found.add(table(entry, perRange, first, count, touched));
    }
    return found;
  }

  private Table table(Entry entry, int perRange, int first, int count, TouchedRows touched) {
    try (Workspace.Scope none = Workspace.outside()) {
      return new Table(
          parameters.values().view(entry.offset(), entry.shape()),
          parameters.gradients().view(entry.offset(), entry.shape()),
          Tensor.owned(parameters.values().dtype(), entry.shape().with(0, perRange)),
          entry.offset(),
          perRange,
          first,
          count,
          entry,
          touched);
    }
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

  /** Whether it moves only the rows of tables that were named, so that they may lie apart. */
  boolean takesRows() {
    return optimizer.leavesZeros() && optimizer.granule() != Granule.TENSOR;
  }

  /** Moves the parameters against the gradients that lie in the variables, and clears those. */
  public void applyGradients() {
    if (clipping != Clipping.NONE) {
      Tensor gradient = parameters.gradients().slice(0, parameters.trainedSize());
      clipping.clip(parameters, 1, Math.sqrt(Backends.of(gradient.dtype()).squares(gradient)));
    }
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
    apply(divisor, round, null);
  }

  /**
   * As above.
   *
   * @param apart the gradient, if rows of it lie apart from the model's vector
   */
  void apply(double divisor, long round, @Nullable BatchGradient apart) {
    Step step = new Step(++applied, round);
    float by = (float) divisor;
    int from = 0;
    for (Table table : tables) {
      RowSums rows = apart == null ? null : apart.rowsOf(table.entry);
      if (rows == null && (apart != null || table.touched.all())) {
        continue; // it lies in the vector as a whole
      }
      applyRanges(from, table.firstRange, by, step);
      if (rows != null) {
        applyRows(table, rows, by, step);
      } else {
        applyRows(table, by, step);
      }
      from = table.firstRange + table.ranges;
    }
    applyRanges(from, ranges.size(), by, step);
  }

  private void applyRanges(int from, int to, float by, Step step) {
    int parts = (to - from + RANGES_OF_A_PART - 1) / RANGES_OF_A_PART;
    Crew.share(
        parts,
        part -> {
          int first = from + part * RANGES_OF_A_PART;
          for (Range range : ranges.subList(first, Math.min(to, first + RANGES_OF_A_PART))) {
            applyRange(range, by, step);
          }
        });
  }

  private void applyRange(Range range, float by, Step step) {
    Room room = rooms.get();
    int n = range.length();
    parameters.gradients().read(range.from(), room.gradient, 0, n);
    parameters.read(range.from(), room.weights, 0, n);
    divide(room.gradient, n, by);
    optimizer.update(room.weights, room.gradient, range.slots(), 0, n, step);
    parameters.load(range.from(), room.weights, 0, n);
  }

  private static void divide(float[] gradient, int n, float by) {
    if (by != 1) {
      for (int i = 0; i < n; i++) {
        gradient[i] /= by;
      }
    }
  }

  /** Updates the rows that the step has touched, as many at a time as a range has. */
  private void applyRows(Table table, float by, Step step) {
    int count = table.touched.count();
    for (int done = 0; done < count; done += table.rowsOfARange) {
      Tensor names = table.touched.rows().slice(done, Math.min(count, done + table.rowsOfARange));
      Tensor gradients = table.room.slice(0, names.size());
      Backends.of(gradients.dtype()).gatherRows(table.gradients, names, gradients);
      applyRows(table, names, gradients, by, step);
    }
  }

  /** Updates rows whose gradients lie side by side. */
  private void applyRows(Table table, RowSums rows, float by, Step step) {
    int count = rows.count();
    for (int done = 0; done < count; done += table.rowsOfARange) {
      int end = Math.min(count, done + table.rowsOfARange);
      applyRows(table, rows.rows().slice(done, end), rows.sums().slice(done, end), by, step);
    }
  }

  private void applyRows(Table table, Tensor names, Tensor gradients, float by, Step step) {
    Backend backend = Backends.of(table.weights.dtype());
    Room room = rooms.get();
    int n = gradients.size();
    gradients.read(0, room.gradient, 0, n);
    divide(room.gradient, n, by);
    Tensor rows = table.room.slice(0, names.size());
    backend.gatherRows(table.weights, names, rows);
    rows.read(0, room.weights, 0, n);
    float[][] slots = new float[optimizer.slots()][n];
    moveSlots(table, names, slots, true);
    optimizer.update(room.weights, room.gradient, slots, 0, n, step);
    moveSlots(table, names, slots, false);
    rows.write(0, room.weights, 0, n);
    backend.setRows(names, rows, table.weights);
  }

  /** Copies the optimizer's memory of touched rows side by side, or back to where it was. */
  private void moveSlots(Table table, Tensor names, float[][] slots, boolean together) {
    if (slots.length == 0) {
      return;
    }
    int width = table.width();
    long[] rows = names.toLongs();
    for (int i = 0; i < rows.length; i++) {
      int row = (int) rows[i];
      Range range = ranges.get(table.firstRange + row / table.rowsOfARange);
      int at = table.offset + row * width - range.from();
      for (int slot = 0; slot < slots.length; slot++) {
        float[] apart = range.slots()[slot];
        if (together) {
          System.arraycopy(apart, at, slots[slot], i * width, width);
        } else {
          System.arraycopy(slots[slot], i * width, apart, at, width);
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
