package io.tapestream.operators.source;

import io.tapestream.files.Course;
import io.tapestream.operators.SourcePolicies;
import io.tapestream.operators.weights.WeightReplica;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A virtual worker that this reader hosts: its place in its partition, and its place in the rounds.
 *
 * <p>The two are distinct (R5). The first weights of an attempt, which were cut together with the
 * split, say in which round the next batch counts; from then on each turn moves one round on.
 *
 * <pre>
 *   next batch         round                                        then
 *   full, or partial   its weights are here                         SEND
 *   and has lingered
 *   otherwise          it is the open one, and batches count in     SKIP, after a time; a worker that
 *                      it or in the one before                      has skipped does so at once
 *                      any other                                    WAIT
 * </pre>
 *
 * A worker skips only a round that others are in. So where no partition has records, one round may
 * close empty and then all wait; the batch that ends the silence brings the server's word of it.
 *
 * <p>As far as a recorded schedule goes it decides in place of the clock: the worker skips up to
 * the round in which its next batch counted, and gives that batch as many examples as it had (I2).
 */
final class VirtualWorker {

  /** What it may do now. */
  enum Move {
    WAIT,
    SEND,
    SKIP
  }

  /** No time is set after which waiting ends. */
  static final long NEVER = Long.MAX_VALUE;

  private static final long UNKNOWN = -1;

  // configuration
  private final MiniBatchCutter cutter;
  private final WeightReplica replica;
  private final @Nullable Duration skipAfter;
  private final @Nullable Duration linger;
  private final @Nullable Course recorded;
  private final GatedSplit start;

  // runtime
  private @Nullable OffsetGap lost; // not yet told of
  private long round = UNKNOWN; // in which the next batch counts
  private boolean awaited; // whether the open round has nobody to wait for but such as this one
  private long awaitedSince; // nanoseconds; means nothing while it is not awaited
  private boolean absent; // whether it has skipped since its last batch
  private boolean partial; // whether examples are here for the next batch
  private long partialSince; // nanoseconds; means nothing while there are none

  /**
   * @param start where its state says that it goes on
   * @param lost what the topic no longer holds from there on; null if all is there
   */
  VirtualWorker(
      int number,
      GatedSplit start,
      @Nullable OffsetGap lost,
      int batchSize,
      WeightReplica replica,
      SourcePolicies policies) {
    this.start = start;
    this.lost = lost;
    this.cutter =
        new MiniBatchCutter(number, lost == null ? start : start.from(lost.to()), batchSize);
    this.replica = replica;
    this.skipAfter = policies.skipAfter();
    this.linger = policies.linger();
    this.recorded = policies.recorded(cutter.partition());
  }

  /**
   * What it may do.
   *
   * @param now nanoseconds, as {@link System#nanoTime}
   */
  Move move(long now) {
    if (lost != null) {
      return knowsItsRound() ? Move.SEND : Move.WAIT;
    }
    if (cutter.isOnlyLeaving()) {
      return Move.SEND; // sends no gradient, so it needs no weights
    }
    if (cutter.hasLeft() || !knowsItsRound()) {
      return Move.WAIT;
    }
    notePartialFrom(now);
    if (recorded != null && round < recorded.roundOf(cutter.batch())) {
      return round == replica.round() ? Move.SKIP : Move.WAIT;
    }
    if (examples(now) > 0) {
      return replica.mayStart(round) ? Move.SEND : Move.WAIT;
    }
    if (skipAfter == null) {
      return Move.WAIT;
    }
    awaitFrom(now);
    boolean longEnough = absent || now - awaitedSince >= skipAfter.toNanos();
    return awaited && longEnough ? Move.SKIP : Move.WAIT;
  }

  /** Examples in the batch that may leave now, 0 for none. */
  private int examples(long now) {
    int full = fullExamples();
    if (cutter.hasNext(full)) {
      return full;
    }
    boolean lingered =
        linger != null && partial && !isRecorded() && now - partialSince >= linger.toNanos();
    return lingered ? Math.toIntExact(cutter.pendingExamples()) : 0;
  }

  private int fullExamples() {
    return recorded == null || !isRecorded()
        ? cutter.batchSize()
        : recorded.examplesOf(cutter.batch());
  }

  /** Whether the schedule that is replayed tells of the next batch. */
  private boolean isRecorded() {
    return recorded != null && cutter.batch() < recorded.batches();
  }

  private void notePartialFrom(long now) {
    if (!partial) {
      partialSince = now;
    }
    partial = cutter.pendingExamples() > 0;
  }

  private boolean knowsItsRound() {
    if (round == UNKNOWN && replica.round() >= 0) {
      round = replica.roundOf(cutter.virtualWorker(), cutter.batch());
    }
    return round != UNKNOWN;
  }

  /** Notes since when others have been waiting for this one, who have trained meanwhile. */
  private void awaitFrom(long now) {
    boolean holdsOthersUp =
        !isRecorded() && round == replica.round() && replica.busyRounds() >= round;
    if (holdsOthersUp && !awaited) {
      awaitedSince = now;
    }
    awaited = holdsOthersUp;
  }

  /** Nanoseconds from {@code now} after which {@link #move} answers otherwise by itself. */
  long waits(long now) {
    long wait = NEVER;
    if (awaited && !absent && skipAfter != null) {
      wait = awaitedSince + skipAfter.toNanos() - now;
    }
    boolean mayLeaveEarly = partial && !isRecorded() && round != UNKNOWN;
    if (linger != null && mayLeaveEarly && replica.mayStart(round)) {
      wait = Math.min(wait, partialSince + linger.toNanos() - now);
    }
    return Math.max(0, wait);
  }

  /**
   * Makes its move: what it tells of records that are missing, a mini-batch that leaves, or a round
   * that it lets pass.
   */
  Turn take(long now) {
    Move move = move(now);
    if (move == Move.WAIT) {
      throw new IllegalStateException(cutter.partition() + " has to wait in round " + round);
    }
    OffsetGap gap = lost;
    if (gap != null) {
      lost = null;
      return new LostRecords(
          cutter.virtualWorker(), gap.partition(), cutter.batch(), round, gap.from(), gap.to());
    }
    awaited = false;
    absent = move == Move.SKIP;
    if (absent) {
      return new SkippedRound(cutter.virtualWorker(), cutter.partition(), cutter.batch(), round++);
    }
    MiniBatch batch = cutter.next(examples(now), round);
    partial = false;
    if (!batch.isEmpty()) {
      round++;
    }
    return batch;
  }

  /** Its place, as a checkpoint keeps it. */
  GatedSplit split() {
    return lost == null ? cutter.split() : start;
  }

  /** Whether its next batch is complete, so that at most weights are missing. */
  boolean hasBatch() {
    return cutter.hasNext(fullExamples());
  }

  /** Whether it has left, and the weights at hand hold all its batches. */
  boolean isDone() {
    return lost == null
        && cutter.hasLeft()
        && replica.holds(cutter.virtualWorker(), cutter.batch());
  }

  /** The round of its next turn; -1 before the first weights. */
  long round() {
    return round;
  }

  MiniBatchCutter cutter() {
    return cutter;
  }
}
