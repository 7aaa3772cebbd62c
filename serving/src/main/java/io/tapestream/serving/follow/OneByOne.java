package io.tapestream.serving.follow;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Each request by itself, in the order of arrival, so many at the same time. */
final class OneByOne implements Turns {
  private final Semaphore free;
  private final Duration patience;

  OneByOne(int atOnce, Duration patience) {
    this.free = new Semaphore(atOnce, true);
    this.patience = patience;
  }

  @Override
  public List<NamedValues> predict(ServedModel model, float[] inputs, int rows)
      throws InterruptedException {
    if (!free.tryAcquire(patience.toNanos(), TimeUnit.NANOSECONDS)) {
      throw new OverloadedException(
          "the request waited " + patience.toMillis() + " ms for its turn: too many at once");
    }
    try {
      return model.predict(inputs, rows);
    } finally {
      free.release();
    }
  }

  @Override
  public void close(ServedModel model) {
    model.close(); // who asked has waited for the answer
  }
}
