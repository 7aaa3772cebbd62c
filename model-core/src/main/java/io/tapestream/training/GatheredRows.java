package io.tapestream.training;

import io.tapestream.tensor.Tensor;
import io.tapestream.tensor.Workspace;
import java.util.List;
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
    List<Tensor> sources = source.tensors();
    List<Tensor> targets = target.tensors();
    for (int k = 0; k < sources.size(); k++) {
      for (int i = 0; i < n; i++) {
        copyRow(sources.get(k), rows[from + i], targets.get(k), i);
      }
    }
    return target.slice(0, n);
  }

  private static boolean fits(Batch room, Batch source, int n) {
    List<Tensor> rooms = room.tensors();
    List<Tensor> sources = source.tensors();
    boolean fits =
        n <= room.size()
            && room.inputs().size() == source.inputs().size()
            && rooms.size() == sources.size();
    for (int k = 0; fits && k < rooms.size(); k++) {
      fits = alike(rooms.get(k), sources.get(k));
    }
    return fits;
  }

  private static boolean alike(Tensor room, Tensor source) {
    return room.dtype() == source.dtype()
        && room.shape().equals(source.shape().with(0, room.dim(0)));
  }

  private static Batch allocate(Batch like, int rows) {
    try (Workspace.Scope none = Workspace.outside()) {
      return like.map(tensor -> Tensor.zeros(tensor.dtype(), tensor.shape().with(0, rows)));
    }
  }

  private static void copyRow(Tensor source, int sourceRow, Tensor target, int targetRow) {
    target.slice(targetRow, targetRow + 1).copyFrom(source.slice(sourceRow, sourceRow + 1));
  }

  @Override
  public void close() {
    if (room != null) {
      room.tensors().forEach(Tensor::close);
      room = null;
    }
  }
}
