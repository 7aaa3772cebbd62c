package io.tapestream.benchmarks.serving;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Requests at fixed times, whatever the answers do: the i-th is due at start + i / rate, and its
 * latency counts from then. So a server that stands still is charged for each request that it kept
 * waiting, not only for one on each connection.
 *
 * @param server where it is asked
 * @param path of the requests
 * @param body of all of them
 * @param rate requests a second
 * @param connections that take the next request that is due, in turn
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
record OpenLoop(URI server, String path, byte[] body, int rate, int connections) {

  /** What an answer is worth. */
  interface Check {
    /** Whether an answer is of one version, the one that it names. */
    boolean isWhole(HttpConnection.Answer answer);
  }

  /** What has come of a load. */
  static final class Outcome {
    final Latencies latencies = new Latencies();
    final AtomicLong requests = new AtomicLong();
    final AtomicLong failed = new AtomicLong();
    final AtomicLong mixed = new AtomicLong();
    volatile @Nullable String firstFailure;

    private void failed(String why) {
      failed.incrementAndGet();
      if (firstFailure == null) {
        firstFailure = why;
      }
    }
  }

  /** Asks for a while, and counts what comes of it. */
  void run(Duration time, Check check, Outcome outcome) throws Exception {
    long requests = time.toMillis() * rate / 1000;
    AtomicLong next = new AtomicLong();
    long start = System.nanoTime() + Duration.ofMillis(100).toNanos();
    ExecutorService clients = Executors.newFixedThreadPool(connections);
    try {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < connections; i++) {
        running.add(clients.submit(() -> ask(next, requests, start, check, outcome)));
      }
      for (Future<?> client : running) {
        client.get();
      }
    } finally {
      clients.shutdownNow();
    }
  }

  private void ask(AtomicLong next, long requests, long start, Check check, Outcome outcome) {
    @Nullable HttpConnection connection = null;
    for (long i = next.getAndIncrement(); i < requests; i = next.getAndIncrement()) {
      long due = start + i * 1_000_000_000L / rate;
      for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
        LockSupport.parkNanos(left);
      }
      outcome.requests.incrementAndGet();
      try {
        if (connection == null) {
          connection = new HttpConnection(server);
        }
        byte[] request = connection.request(path, Map.of("Content-Type", "application/json"), body);
        HttpConnection.Answer answer = connection.send(request);
        outcome.latencies.add(System.nanoTime() - due);
        if (answer.status() != 200) {
          outcome.failed("status " + answer.status());
        } else if (!check.isWhole(answer)) {
          outcome.mixed.incrementAndGet();
        }
      } catch (IOException e) {
        outcome.failed(e.toString());
        connection = closed(connection);
      }
    }
    closed(connection);
  }

  private static @Nullable HttpConnection closed(@Nullable HttpConnection connection) {
    if (connection != null) {
      try {
        connection.close();
      } catch (IOException e) {
        return null; // it was to be given up
      }
    }
    return null;
  }
}
