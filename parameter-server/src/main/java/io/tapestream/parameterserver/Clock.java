package io.tapestream.parameterserver;

import io.tapestream.parameterserver.Message.Contribution;
import org.jspecify.annotations.Nullable;

/** What a block knows of one virtual worker. */
final class Clock {

  /** Whether rounds wait for it. */
  boolean active = true;

  /** The batch that it must contribute next. */
  long batch;

  /** The round in which that batch will count. */
  long round;

  /** The Kafka offset after the last batch received, -1 before the first. */
  long received = -1;

  /** The number of batches that the block's values hold. */
  long applied;

  /** The Kafka offset after them, -1 before the first. */
  long learned = -1;

  /** A contribution to the open round that waits for the virtual workers before it. */
  @Nullable Contribution held;

  /** How the batches received went through the rounds; null where another block writes it. */
  @Nullable CourseLog log;

  /** A clock of one block; the first block writes the courses for all. */
  static Clock of(BlockRange range) {
    Clock clock = new Clock();
    clock.log = range.index() == 0 ? new CourseLog() : null;
    return clock;
  }

  /**
   * Its next batch, of so many examples, counts in its next round.
   *
   * @param virtualWorkers that share what is kept of their courses
   */
  void tick(long examples, int virtualWorkers) {
    if (log != null) {
      log.add(batch, round, examples, Math.max(2, CourseLog.MOST / virtualWorkers));
    }
    batch++;
    round++;
  }

  /** Records are missing before its next batch. */
  void lose(long from, long to) {
    if (log != null) {
      log.lose(batch, from, to);
    }
  }

  /** The round in which the first batch that the values do not hold counts. */
  long roundAfterApplied() {
    return round - (batch - applied);
  }

  /** Whether the open round has still to hear of this worker. */
  boolean awaitedIn(long openRound) {
    return active && round <= openRound;
  }

  /** The contribution held, which this clock no longer holds. */
  @Nullable Contribution release() {
    Contribution released = held;
    held = null;
    return released;
  }

  /** Drops the metrics of the contribution held. */
  void forgetMetrics() {
    if (held != null) {
      held = held.withHeader(held.header().withoutMetrics());
    }
  }

  /** The block's values hold everything received. */
  void apply() {
    applied = batch;
    learned = received;
  }

  Clock copy() {
    Clock copy = new Clock();
    copy.active = active;
    copy.batch = batch;
    copy.round = round;
    copy.received = received;
    copy.applied = applied;
    copy.learned = learned;
    copy.held = held;
    copy.log = log == null ? null : log.copy();
    return copy;
  }
}
