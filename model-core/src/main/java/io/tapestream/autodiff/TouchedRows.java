package io.tapestream.autodiff;

import io.tapestream.backend.Backends;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import io.tapestream.tensor.Tracer;
import io.tapestream.tensor.Workspace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Which rows of a gradient may hold anything but zeros. A step takes a few rows out of an embedding
 * table; then nobody need clear, add or apply the gradients of the others, which would cost more
 * than all the rest of the step.
 *
 * <pre>
 * none ──{@link #add} ids──► rows ──{@link #addAll}──► all ──{@link #clear}──► none
 * </pre>
 *
 * <p>Whoever writes to the gradient without naming rows calls {@link #addAll} first.
 */
@SuppressWarnings("try") // workspace scopes act by being open
public final class TouchedRows {
  private static final int ZERO_ROWS = 128;

  private final Tensor gradient;
  private final boolean later;
  private final List<Addend> addends = new ArrayList<>();
  private boolean all;
  private int count;
  private int[] lastSeen = {}; // by row: the generation that it was last added in
  private int generation = 1;
  private @Nullable Tensor rows; // INT64; the first count are those that were added
  private @Nullable Tensor zeros;
  private long[] staged = {};

  /**
   * Of a gradient that holds zeros.
   *
   * @param gradient a matrix
   */
  public TouchedRows(Tensor gradient) {
    this(gradient, false);
  }

  private TouchedRows(Tensor gradient, boolean later) {
    this.gradient = gradient;
    this.later = later;
  }

  /**
   * Of a gradient that holds zeros, and that rows are not added to: they are kept beside it, to be
   * {@linkplain #forEachBeside added} to another gradient.
   */
  public static TouchedRows beside(Tensor gradient) {
    return new TouchedRows(gradient, true);
  }

  /** Rows to be added: {@code gradient[ids[i]] += rows[i]}. */
  private record Addend(Tensor ids, Tensor rows) {}

  /** The gradient that this is about. */
  public Tensor gradient() {
    return gradient;
  }

  /** Whether every row may hold something. */
  public boolean all() {
    return all;
  }

  /** The number of rows that were added, each counted once; means nothing if {@link #all}. */
  public int count() {
    return count;
  }

  /**
   * The rows that were added, in the order in which they first were, INT64 (count); valid until the
   * next change.
   *
   * @throws IllegalStateException if all were, or none
   */
  public Tensor rows() {
    Tensor known = rows;
    if (all || count == 0 || known == null) {
      throw new IllegalStateException(
          all ? "all rows may hold something" : "no row holds anything");
    }
    return known.slice(0, count);
  }

  /** Row {@code i} of those that were added. */
  public long row(int i) {
    return staged[i];
  }

  /**
   * Adds to the rows that ids name, or keeps what is to be added. In a traced step it is done again
   * in each repetition.
   *
   * @param ids INT64 (…), each a row's index
   * @param rows (…, width)
   */
  void add(Tensor ids, Tensor rows) {
    if (later) {
      Addend addend = new Addend(ids, rows);
      Tracer.also(() -> addends.add(addend));
    } else {
      Tracer.also(() -> take(ids));
      Backends.of(rows.dtype()).scatterAddRows(ids, rows, gradient);
    }
  }

  /**
   * Gives the rows that are kept {@linkplain #beside beside} this gradient, as they came: ids,
   * INT64 (…), and what is to be added to the rows that they name, (…, width). Their memory must
   * still be there.
   */
  public void forEachBeside(BiConsumer<Tensor, Tensor> addend) {
    for (Addend a : addends) {
      addend.accept(a.ids, a.rows);
    }
  }

  /** Somebody has written to rows, which were zero before; INT64 (n). */
  public void wrote(Tensor ids) {
    take(ids);
  }

  private void take(Tensor ids) {
    if (all) {
      return;
    }
    if (lastSeen.length == 0) {
      lastSeen = new int[gradient.dim(0)];
    }
    int n = ids.size();
    if (staged.length < count + n) {
      staged = Arrays.copyOf(staged, Math.max(2 * staged.length, count + n));
    }
    ids.read(0, staged, count, n);
    int from = count;
    for (int i = from, to = from + n; i < to; i++) {
      int row = (int) staged[i];
      if (lastSeen[row] != generation) {
        lastSeen[row] = generation;
        staged[count++] = row;
      }
    }
    room().write(from, staged, from, count - from);
  }

  /** The rows as a tensor with room for all that are staged. */
  private Tensor room() {
    Tensor known = rows;
    if (known == null || known.size() < staged.length) {
      try (Workspace.Scope none = Workspace.outside()) {
        Tensor longer = Tensor.owned(DType.INT64, Shape.of(staged.length));
        longer.write(0, staged, 0, count);
        if (known != null) {
          known.close();
        }
        rows = known = longer;
      }
    }
    return known;
  }

  /** Something was, or will be, written to any row. */
  public void addAll() {
    all = true;
  }

  /** As {@link #addAll}, also in each repetition of a traced step. */
  void addAllAgain() {
    Tracer.alsoApart(this::addAll);
  }

  /** All rows are overwritten, also in each repetition of a traced step. */
  void overwriteAgain() {
    Tracer.alsoApart(
        () -> {
          addends.clear();
          addAll();
        });
  }

  /** Sets the rows that may hold something to zero. In a traced step it is done again each time. */
  void clearAgain() {
    Tracer.also(this::clear);
  }

  /** Somebody else has set the gradient to zero. */
  public void forget() {
    addends.clear();
    all = false;
    count = 0;
    generation++;
  }

  /** Sets the rows that may hold something to zero. */
  public void clear() {
    if (all) {
      gradient.clear();
    } else if (count > 0) {
      Tensor zeros = zeros();
      for (int from = 0; from < count; from += ZERO_ROWS) {
        Tensor some = rows().slice(from, Math.min(count, from + ZERO_ROWS));
        Backends.of(gradient.dtype()).setRows(some, zeros.slice(0, some.size()), gradient);
      }
    }
    forget();
  }

  private Tensor zeros() {
    Tensor known = zeros;
    if (known == null) {
      try (Workspace.Scope none = Workspace.outside()) {
        zeros = known = Tensor.zeros(gradient.dtype(), gradient.shape().with(0, ZERO_ROWS));
      }
    }
    return known;
  }

  /** Frees its memory. */
  public void close() {
    if (rows != null) {
      rows.close();
      rows = null;
    }
    if (zeros != null) {
      zeros.close();
      zeros = null;
    }
  }
}
