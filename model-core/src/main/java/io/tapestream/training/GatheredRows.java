package io.tapestream.training;

import io.tapestream.tensor.Tensor;
import io.tapestream.tensor.Workspace;
import org.jspecify.annotations.Nullable;

/** A batch's memory that rows of another batch are copied into, again and again. */
@SuppressWarnings("try") // workspace scopes act by being open
final class GatheredRows implements AutoCloseable {
  private @Nullable Batch room;

  /**
   * Rows of a batch side by side.
   *
   * @param rows numbers of rows, of which those at {@code from … to-1} are taken in their order
   * @return the rows; valid until the next call
   */
  Batch gather(Batch source, int[] rows, int from, int to) {
    int n = to - from;
    Batch target = room;
    if (target == null || !fits(target, source, n)) {
      close();
      target = room = allocate(source, n);
    }
    for (int i = 0; i < n; i++) {
      copyRow(source.features(), rows[from + i], target.features(), i);
      copyRow(source.labels(), rows[from + i], target.labels(), i);
      copyRow(source.weights(), rows[from + i], target.weights(), i);
    }
    return target.slice(0, n);
  }

  private static boolean fits(Batch room, Batch source, int n) {
    return n <= room.size()
        && alike(room.features(), source.features())
        && alike(room.labels(), source.labels())
        && alike(room.weights(), source.weights());
  }

  private static boolean alike(Tensor room, Tensor source) {
    return room.dtype() == source.dtype()
        && room.shape().equals(source.shape().with(0, room.dim(0)));
  }

  private static Batch allocate(Batch like, int rows) {
    try (Workspace.Scope none = Workspace.outside()) {
      return new Batch(
          zeros(like.features(), rows), zeros(like.labels(), rows), zeros(like.weights(), rows));
    }
  }

  private static Tensor zeros(Tensor like, int rows) {
    return Tensor.zeros(like.dtype(), like.shape().with(0, rows));
  }

  private static void copyRow(Tensor source, int sourceRow, Tensor target, int targetRow) {
    target.slice(targetRow, targetRow + 1).copyFrom(source.slice(sourceRow, sourceRow + 1));
  }

  @Override
  public void close() {
    if (room != null) {
      room.features().close();
      room.labels().close();
      room.weights().close();
      room = null;
    }
  }
}
