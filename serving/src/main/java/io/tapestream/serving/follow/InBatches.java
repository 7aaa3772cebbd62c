package io.tapestream.serving.follow;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Requests to one version in batches, each computed by one of its own threads.
 *
 * <pre>
 * a thread waits for a request      → takes those that wait, or comes back once the first one's delay is over
 * a batch is computed               → each request gets its rows
 * the model refuses a batch of many → each is computed by itself, so that only the bad ones fail
 * </pre>
 */
final class InBatches implements Turns {
  private static final Logger LOG = LoggerFactory.getLogger(InBatches.class);

  private final Batching batching;
  private final Duration patience;
  private final BatchCounts counts;

  // guarded by this
  private final ArrayDeque<Waiting> queue = new ArrayDeque<>();
  private int rowsWaiting;
  private int computing; // batches, also those that nobody waits for any more
  private boolean closed;
  private @Nullable ServedModel toClose;

  @SuppressWarnings("ArrayRecordComponent") // handed on; a request equals itself alone
  private record Waiting(
      ServedModel model,
      float[] inputs,
      int rows,
      long since,
      CompletableFuture<List<NamedValues>> answer) {}

  InBatches(Batching batching, int threads, Duration patience, BatchCounts counts) {
    this.batching = batching;
    this.patience = patience;
    this.counts = counts;
    try {
      for (int i = 0; i < threads; i++) {
        Thread thread = new Thread(this::work, "batches-" + i);
        thread.setDaemon(true);
        thread.start();
      }
    } catch (OutOfMemoryError e) { // no more threads: those that run end
      endThreads();
      throw e;
    }
  }

  @Override
  public List<NamedValues> predict(ServedModel model, float[] inputs, int rows)
      throws InterruptedException {
    Waiting request =
        new Waiting(model, inputs, rows, System.nanoTime(), new CompletableFuture<>());
    enqueue(request);
    try {
      return request.answer().get(patience.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      giveUp(request);
      throw new OverloadedException(
          "the request waited " + patience.toMillis() + " ms for its answer: too many at once");
    } catch (InterruptedException e) {
      giveUp(request);
      throw e;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IllegalArgumentException refused) {
        throw new IllegalArgumentException(refused.getMessage(), refused);
      }
      throw new IllegalStateException("the batch failed: " + e.getMessage(), e);
    }
  }

  private synchronized void enqueue(Waiting request) {
    if (queue.size() >= batching.queue()) {
      throw new OverloadedException(
          "more than " + batching.queue() + " requests wait for a batch: try again in a moment");
    }
    queue.add(request);
    rowsWaiting += request.rows();
    notifyAll();
  }

  private synchronized void giveUp(Waiting request) {
    if (queue.remove(request)) {
      rowsWaiting -= request.rows();
    }
  }

  private void work() {
    try {
      for (List<Waiting> batch = next(); !batch.isEmpty(); batch = next()) {
        try {
          answer(batch);
        } catch (Error e) { // nobody waits in vain, and the next batch may do
          fail(batch, e);
        } finally {
          done();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // nobody does; the thread ends
    }
  }

  /** The next batch; empty when there will be none. */
  private synchronized List<Waiting> next() throws InterruptedException {
    while (true) {
      Waiting first = queue.peek();
      if (first == null) {
        if (closed) {
          return List.of();
        }
        wait();
        continue;
      }
      long left = first.since() + batching.maxDelay().toNanos() - System.nanoTime();
      if (left <= 0 || rowsWaiting >= batching.maxRows() || closed) {
        return take();
      }
      TimeUnit.NANOSECONDS.timedWait(this, left);
    }
  }

  private List<Waiting> take() {
    List<Waiting> batch = new ArrayList<>();
    int rows = 0;
    for (Waiting next = queue.peek();
        next != null && (batch.isEmpty() || rows + next.rows() <= batching.maxRows());
        next = queue.peek()) {
      batch.add(queue.remove());
      rows += next.rows();
    }
    rowsWaiting -= rows;
    computing++;
    return batch;
  }

  private void answer(List<Waiting> batch) {
    try {
      List<List<NamedValues>> answers = compute(batch);
      for (int i = 0; i < answers.size(); i++) {
        batch.get(i).answer().complete(answers.get(i));
      }
    } catch (RuntimeException e) {
      if (batch.size() > 1) {
        batch.forEach(request -> answer(List.of(request)));
      } else {
        batch.get(0).answer().completeExceptionally(e);
      }
    }
  }

  private static void fail(List<Waiting> batch, Error e) {
    batch.forEach(request -> request.answer().completeExceptionally(e));
    LOG.error("A batch of {} requests failed", batch.size(), e);
  }

  private void done() {
    synchronized (this) {
      computing--;
    }
    closeModelWhenUnused();
  }

  private List<List<NamedValues>> compute(List<Waiting> batch) {
    ServedModel model = batch.get(0).model();
    int rows = batch.stream().mapToInt(Waiting::rows).sum();
    if (batch.size() == 1) {
      List<NamedValues> answer = model.predict(batch.get(0).inputs(), rows);
      counts.add(rows);
      return List.of(answer);
    }
    float[] inputs = new float[batch.stream().mapToInt(request -> request.inputs().length).sum()];
    int at = 0;
    for (Waiting request : batch) {
      System.arraycopy(request.inputs(), 0, inputs, at, request.inputs().length);
      at += request.inputs().length;
    }
    List<NamedValues> together = model.predict(inputs, rows);
    counts.add(rows);
    List<List<NamedValues>> answers = new ArrayList<>();
    int from = 0;
    for (Waiting request : batch) {
      int first = from;
      answers.add(together.stream().map(output -> rows(output, first, request.rows())).toList());
      from += request.rows();
    }
    return answers;
  }

  private static NamedValues rows(NamedValues output, int from, int count) {
    int width = output.values().length / output.rows();
    List<Integer> shape = new ArrayList<>(output.shape());
    shape.set(0, count);
    return new NamedValues(
        output.name(),
        shape,
        Arrays.copyOfRange(output.values(), from * width, (from + count) * width));
  }

  /** Requests in the queue. */
  synchronized int waiting() {
    return queue.size();
  }

  /** Ends its threads when nothing waits any more; the last batch's closes the model. */
  @Override
  public void close(ServedModel model) {
    synchronized (this) {
      toClose = model;
    }
    endThreads();
    closeModelWhenUnused();
  }

  private synchronized void endThreads() {
    closed = true;
    notifyAll();
  }

  private void closeModelWhenUnused() {
    ServedModel unused;
    synchronized (this) {
      if (computing > 0) {
        return;
      }
      unused = toClose;
      toClose = null;
    }
    if (unused != null) {
      unused.close();
    }
  }
}
