package io.tapestream.training;

import io.tapestream.random.Philox;
import io.tapestream.tensor.Tensor;
import io.tapestream.tensor.Workspace;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * Cuts data into batches, epoch after epoch, each epoch in an order of its own if it is to be
 * shuffled.
 */
@SuppressWarnings("try") // workspace scopes act by being open
final class Epochs implements Iterable<Batch>, AutoCloseable {
  private final Batch data;
  private final FitOptions options;
  private final Batch gathered;
  private long epoch;

  Epochs(Batch data, FitOptions options) {
    this.data = data;
    this.options = options;
    int rows = options.shuffleSeed().isPresent() ? Math.min(options.batchSize(), data.size()) : 0;
    try (Workspace.Scope none = Workspace.outside()) {
      this.gathered =
          new Batch(
              room(data.features(), rows), room(data.labels(), rows), room(data.weights(), rows));
    }
  }

  private static Tensor room(Tensor like, int rows) {
    return Tensor.zeros(like.dtype(), like.shape().with(0, rows));
  }

  /** The batches of the next epoch; each is valid until the next one is asked for. */
  @Override
  public Iterator<Batch> iterator() {
    int[] order =
        options.shuffleSeed().isPresent()
            ? shuffle(options.shuffleSeed().getAsLong(), epoch)
            : new int[0];
    epoch++;
    return new Iterator<>() {
      private int next;

      @Override
      public boolean hasNext() {
        return next < data.size();
      }

      @Override
      public Batch next() {
        if (!hasNext()) {
          throw new NoSuchElementException("the epoch has ended");
        }
        int from = next;
        next = Math.min(data.size(), from + options.batchSize());
        return order.length == 0 ? data.slice(from, next) : gather(order, from, next);
      }
    };
  }

  /** Fisher and Yates's shuffle of 0 … n-1, drawn by (seed, epoch). */
  private int[] shuffle(long seed, long ofEpoch) {
    int n = data.size();
    int[] order = new int[n];
    int[] words = new int[4];
    long key = Philox.key(seed, ofEpoch);
    for (int i = 0; i < n; i++) {
      Philox.block(key, i, 0, 0, 0, words);
      int j = (int) (((words[0] & 0xFFFFFFFFL) * (i + 1)) >>> 32);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }

  private Batch gather(int[] order, int from, int to) {
    for (int i = from; i < to; i++) {
      copyRow(data.features(), order[i], gathered.features(), i - from);
      copyRow(data.labels(), order[i], gathered.labels(), i - from);
      copyRow(data.weights(), order[i], gathered.weights(), i - from);
    }
    return gathered.slice(0, to - from);
  }

  private static void copyRow(Tensor source, int sourceRow, Tensor target, int targetRow) {
    target.slice(targetRow, targetRow + 1).copyFrom(source.slice(sourceRow, sourceRow + 1));
  }

  @Override
  public void close() {
    gathered.features().close();
    gathered.labels().close();
    gathered.weights().close();
  }
}
