package io.tapestream.strategies;

import io.tapestream.capture.CapturedStep;
import io.tapestream.layers.Context;
import io.tapestream.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/** The threads that steps of a loop of one's own run on, and a step's memory on each. */
final class Replicas implements AutoCloseable {
  private static final int STEPS = 4; // training, evaluating, and two more
  private static final int IDLE_SECONDS = 10;

  private final int count;
  private final ExecutorService threads;
  private final Map<CapturedStep.Body, List<CapturedStep>> steps =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(
            Map.Entry<CapturedStep.Body, List<CapturedStep>> eldest) {
          if (size() <= STEPS) {
            return false;
          }
          eldest.getValue().forEach(CapturedStep::close);
          return true;
        }
      };

  Replicas(int count) {
    this.count = count;
    AtomicInteger named = new AtomicInteger();
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            count,
            count,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task -> {
              Thread thread = new Thread(task, "replica-" + named.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
    pool.allowCoreThreadTimeOut(true); // a strategy need not be closed
    this.threads = pool;
  }

  /** Does a step on each share; see {@link MirroredStrategy#run}. */
  List<List<Tensor>> run(CapturedStep.Body body, Context context, Tensor[] batch, int rows) {
    List<CapturedStep> own =
        steps.computeIfAbsent(
            body, step -> Stream.generate(() -> new CapturedStep(step)).limit(count).toList());
    List<Future<List<Tensor>>> shares = new ArrayList<>();
    for (int replica = 0; replica < count; replica++) {
      int from = (int) ((long) rows * replica / count);
      int to = (int) ((long) rows * (replica + 1) / count);
      if (from < to) {
        CapturedStep step = own.get(replica);
        shares.add(threads.submit(() -> run(step, context.from(from), batch, from, to)));
      }
    }
    return results(shares);
  }

  private static List<Tensor> run(
      CapturedStep step, Context context, Tensor[] batch, int from, int to) {
    Tensor[] share = new Tensor[batch.length];
    for (int i = 0; i < share.length; i++) {
      share[i] = batch[i].slice(from, to);
    }
    return step.run(context, share);
  }

  /** Of all shares, once none is being computed any more; or the first failure. */
  private static List<List<Tensor>> results(List<Future<List<Tensor>>> shares) {
    List<List<Tensor>> results = new ArrayList<>();
    Throwable failure = null;
    boolean interrupted = false;
    for (Future<List<Tensor>> share : shares) {
      while (true) {
        try {
          results.add(share.get());
          break;
        } catch (ExecutionException e) {
          failure = failure == null ? e.getCause() : failure;
          break;
        } catch (InterruptedException e) {
          interrupted = true; // its memory must not be used again before it has ended
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (failure instanceof RuntimeException e) {
      throw e;
    }
    if (failure instanceof Error e) {
      throw e;
    }
    return List.copyOf(results);
  }

  @Override
  public void close() {
    threads.shutdown();
    steps.values().forEach(own -> own.forEach(CapturedStep::close));
    steps.clear();
  }
}
