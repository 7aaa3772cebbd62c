package io.tapestream.benchmarks.stream;

import io.tapestream.benchmarks.Contestant;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.apache.flink.core.execution.JobClient;

/**
 * A Flink job on a topic from its first record on, records/s between two marks: the first when the
 * job has run in for a while, the last when the turn is over or the topic has ended. If that was
 * too soon, the job runs again and the stretches count together.
 */
final class FlinkContestant implements Contestant {
  private static final long PATIENCE_NANOS = Duration.ofSeconds(60).toNanos();

  /** Submits the job anew. */
  @FunctionalInterface
  interface Job {
    JobClient submit() throws Exception;
  }

  private final Arrangement arrangement;
  private final Topic topic;
  private final String counted;
  private final Duration runIn;
  private final Job job;

  // of all turns but the first, which warms up
  private Window counts = Window.NONE;
  private boolean warm;

  /**
   * @param arrangement that the job is submitted to
   * @param counted the metric that counts records
   * @param runIn how long after its first records the job is not counted yet
   */
  FlinkContestant(Arrangement arrangement, Topic topic, String counted, Duration runIn, Job job) {
    this.arrangement = arrangement;
    this.topic = topic;
    this.counted = counted;
    this.runIn = runIn;
    this.job = job;
  }

  /** All counted turns together. */
  Window counted() {
    return counts;
  }

  @Override
  public double perSecond(Duration atLeast) throws Exception {
    Window turn = Window.NONE;
    double enough = atLeast.toNanos() / 1e9;
    while (turn.seconds() < 0.9 * enough) {
      turn = turn.plus(run((long) ((enough - turn.seconds()) * 1e9)));
    }
    if (warm) {
      counts = counts.plus(turn);
    }
    warm = true;
    return turn.recordsPerSecond();
  }

  private Window run(long nanos) throws Exception {
    JobClient client = job.submit();
    CompletableFuture<?> result = arrangement.flink().result(client);
    try {
      Mark begun = next(result, Mark.start());
      Mark first = begun;
      while (first.nanos() - begun.nanos() < runIn.toNanos()) {
        first = next(result, first);
      }
      Mark last = first;
      while (last.nanos() - first.nanos() < nanos && last.records() < topic.records()) {
        Mark now = next(result, last);
        if (now.records() == last.records()) {
          break; // a bounded job has ended
        }
        last = now;
      }
      if (last.records() == first.records()) {
        throw new IllegalStateException(
            "topic %s with %,d records ended before anything could be measured"
                .formatted(topic.name(), topic.records()));
      }
      return last.since(first);
    } finally {
      end(client, result);
    }
  }

  /** The moment at which more records than before have been counted. */
  private Mark next(CompletableFuture<?> result, Mark before) throws Exception {
    long start = System.nanoTime();
    while (true) {
      boolean ended = result.isDone(); // before the look, so that nothing counted is missed
      Mark now = Mark.now(arrangement, counted);
      if (now.records() > before.records()) {
        return now;
      }
      if (ended) {
        result.get(); // throws why it failed
        return before;
      }
      if (now.nanos() - start > PATIENCE_NANOS) {
        throw new TimeoutException(
            "no record beyond %,d of topic %s in a minute"
                .formatted(before.records(), topic.name()));
      }
      LockSupport.parkNanos(arrangement.pause().toNanos());
    }
  }

  private static void end(JobClient client, CompletableFuture<?> result) throws Exception {
    if (!result.isDone()) {
      client.cancel().get(30, TimeUnit.SECONDS);
    }
    try {
      result.get(30, TimeUnit.SECONDS);
    } catch (ExecutionException cancelled) {
      // As was asked; a failure of its own was thrown by next().
    }
  }
}
