package io.tapestream.training;

import io.tapestream.random.Philox;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * Cuts data into batches, epoch after epoch, each epoch in an order of its own if it is to be
 * shuffled.
 */
final class Epochs implements Iterable<Batch>, AutoCloseable {
  private final Batch data;
  private final FitOptions options;
  private final GatheredRows gathered = new GatheredRows();
  private long epoch;

  Epochs(Batch data, FitOptions options) {
    this.data = data;
    this.options = options;
    this.epoch = options.initialEpoch();
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
        return order.length == 0
            ? data.slice(from, next)
            : gathered.gather(data, order, from, next);
      }
    };
  }

  /** The batches of an epoch. */
  int batches() {
    return (data.size() + options.batchSize() - 1) / options.batchSize();
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

  @Override
  public void close() {
    gathered.close();
  }
}
