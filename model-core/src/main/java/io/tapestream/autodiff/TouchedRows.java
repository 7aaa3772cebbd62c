package io.tapestream.autodiff;

import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import io.tapestream.tensor.Tracer;
import io.tapestream.tensor.Workspace;
import java.util.Arrays;
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
  private final Tensor gradient;
  private boolean all;
  private int count;
  private int[] lastSeen = {}; // by row: the generation that it was last added in
  private int generation = 1;
  private @Nullable Tensor rows; // INT64; the first count are those that were added
  private long[] staged = {};

  /**
   * Of a gradient that holds zeros.
   *
   * @param gradient of rank 1 or more; a row is what lies behind an index of its first axis
   */
  public TouchedRows(Tensor gradient) {
    this.gradient = gradient;
  }

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
   * Adds the rows that ids name. In a traced step it is done again in each repetition.
   *
   * @param ids INT64 (…), each a row's index
   */
  void add(Tensor ids) {
    Tracer.also(() -> take(ids));
  }

  /** Adds the rows of another gradient of the same shape. */
  public void addRowsOf(TouchedRows other) {
    if (other.all) {
      all = true;
    } else if (other.count > 0) {
      take(other.rows());
    }
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
    Tracer.also(this::addAll);
  }

  /** Sets the rows that may hold something to zero. In a traced step it is done again each time. */
  void clearAgain() {
    Tracer.also(this::clear);
  }

  /** Somebody else has set the gradient to zero. */
  public void forget() {
    all = false;
    count = 0;
    generation++;
  }

  /** Sets the rows that may hold something to zero. */
  public void clear() {
    if (all) {
      gradient.clear();
    } else if (count > 0) {
      int width = gradient.size() / gradient.dim(0);
      if (gradient.dtype() == DType.FLOAT32) {
        float[] zeros = new float[width];
        for (int i = 0; i < count; i++) {
          gradient.write((int) staged[i] * width, zeros, 0, width);
        }
      } else {
        double[] zeros = new double[width];
        for (int i = 0; i < count; i++) {
          gradient.write((int) staged[i] * width, zeros, 0, width);
        }
      }
    }
    forget();
  }

  /** Frees its memory. */
  public void close() {
    if (rows != null) {
      rows.close();
      rows = null;
    }
  }
}
