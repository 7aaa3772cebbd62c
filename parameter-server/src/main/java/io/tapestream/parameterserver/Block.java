package io.tapestream.parameterserver;

import io.tapestream.files.Course;
import java.util.ArrayList;
import java.util.List;

/**
 * The state of one block: its values and slots, a clock for each virtual worker, and the round in
 * progress. Only {@link ParameterServer} changes it, {@link BlockFormat} stores it.
 */
public final class Block {

  final BlockRange range;
  float[] values;
  float[][] slots;

  /** Updates that the optimizer has applied. */
  long applied;

  /** Rounds that the values hold complete; also the number of the open round. */
  long round;

  /** By virtual worker. */
  final List<Clock> clocks = new ArrayList<>();

  /** The virtual worker whose contribution is to be added next; those before it are in the sum. */
  int turn;

  /** The open round's contributions so far; means nothing while {@link #sumWeight} is 0. */
  final float[] sum;

  /** The weight of the examples in {@link #sum}. */
  double sumWeight;

  /** The report of what is in {@link #sum}. */
  Header openReport = Header.NONE;

  /** Of what the values hold, but the weights that left last did not; and of what those brought. */
  Header newReport = Header.NONE;

  Header lastReport = Header.NONE;

  /** The number of contributions in the two first. */
  long unseen;

  /** Of what the values hold since the last publication. */
  Header report = Header.NONE;

  /** Rounds up to the last one with a batch in it; less than {@link #round} after empty rounds. */
  long busyRounds;

  /** The round whose values were published last, 0 before the first publication. */
  long published;

  /** Records that the values hold. */
  long records;

  /** The round that counting started from: 0, or where earlier training was. */
  long firstRound;

  /** Batches that were skipped since the last one that was not, in the order of adding. */
  long skippedInRow;

  /** The newest round whose weights have given a gradient that counts, -1 for none. */
  long provenRound = -1;

  /** Whether so many batches were skipped in a row that nothing moves any more. */
  boolean stopped;

  /** What the round before the open one was scaled by; 0 where this attempt has not scaled it. */
  double lastFactor;

  Block(BlockRange range, float[] values, float[][] slots, float[] sum) {
    this.range = range;
    this.values = values;
    this.slots = slots;
    this.sum = sum;
  }

  /** Which slice of the parameters this is. */
  public BlockRange range() {
    return range;
  }

  /** The live values; to be read before the block takes its next message. */
  public float[] values() {
    return values;
  }

  /** The number of floats that the optimizer remembers for each value. */
  public int slotCount() {
    return slots.length;
  }

  /** Updates that the optimizer has applied to this block. */
  public long applied() {
    return applied;
  }

  /** Rounds that the values hold complete. */
  public long round() {
    return round;
  }

  /**
   * Rounds' worth of batches that the values hold: the rounds that are complete, up to the last one
   * with a batch in it; or, if that is more because batches are applied on arrival, the batches
   * held divided by the virtual workers. So one that falls behind does not keep this clock from
   * going on.
   */
  public long trainedRounds() {
    long batches = 0;
    for (Clock clock : clocks) {
      batches += clock.applied;
    }
    return Math.max(
        Math.min(round, busyRounds), firstRound + (clocks.isEmpty() ? 0 : batches / clocks.size()));
  }

  /** Whether the last round had no batch in it, and the open one has none yet. */
  boolean isSilent() {
    return busyRounds < round;
  }

  /** The number of virtual workers that the block knows, those that have left included. */
  public int virtualWorkers() {
    return clocks.size();
  }

  /** For each virtual worker the Kafka offset after what the values hold of it, -1 for nothing. */
  public long[] learned() {
    return clocks.stream().mapToLong(clock -> clock.learned).toArray();
  }

  /**
   * How the batches that the values hold went through the rounds, by virtual worker, the rounds
   * counted from the first one of this training; empty but for the first block, which writes it for
   * all.
   */
  public List<Course> courses() {
    List<Course> courses = new ArrayList<>();
    for (Clock clock : clocks) {
      if (clock.log != null) {
        boolean left = !clock.active && clock.applied == clock.batch;
        long reached = clock.roundAfterApplied();
        long rounds = left ? Math.max(reached, round) : reached;
        courses.add(clock.log.course(clock.applied, rounds, left, firstRound));
      }
    }
    return courses;
  }

  /** For each virtual worker the Kafka offset after what came of it, -1 for nothing. */
  public long[] received() {
    return clocks.stream().mapToLong(clock -> clock.received).toArray();
  }

  /**
   * Whether so many batches were skipped in a row that the block has stopped: contributions still
   * come in, but no round closes and no weights leave.
   */
  public boolean isStopped() {
    return stopped;
  }

  /** Batches skipped since the last one that counted. */
  public long skippedInRow() {
    return skippedInRow;
  }

  /**
   * The newest {@link #trainedRounds} whose weights are known to be good, since a batch trained on
   * them has counted; -1 for none.
   */
  public long provenRound() {
    return provenRound;
  }

  /** Records that the values hold, since training began. */
  public long records() {
    return records;
  }

  /**
   * Loss and metrics of what the weights brought that left last: in synchronous mode, of a round.
   */
  public Header lastReport() {
    return lastReport;
  }

  /** Loss and metrics of what was applied since the last publication. */
  public Header report() {
    return report;
  }

  /** The round whose values were published last, 0 before the first publication. */
  public long published() {
    return published;
  }

  /** Notes that the values as they are now are published: the report starts anew. */
  public void markPublished() {
    published = trainedRounds();
    report = Header.NONE;
  }

  /** Drops the metrics of all that was reported so far: from now on others are measured. */
  public void forgetMetrics() {
    openReport = openReport.withoutMetrics();
    newReport = newReport.withoutMetrics();
    lastReport = lastReport.withoutMetrics();
    report = report.withoutMetrics();
    clocks.forEach(Clock::forgetMetrics);
  }

  /** Lets a fresh block's rounds and records count on from those of earlier training. */
  public void countFrom(long newRound, long newRecords) {
    firstRound = newRound;
    round = newRound;
    busyRounds = newRound;
    published = newRound;
    records = newRecords;
    clocks.forEach(clock -> clock.round = newRound);
  }

  /** What trainers need to know of this block as it is now. */
  public Weights weights() {
    long[] held = new long[clocks.size()];
    long[] rounds = new long[clocks.size()];
    for (int vw = 0; vw < held.length; vw++) {
      Clock clock = clocks.get(vw);
      held[vw] = clock.applied;
      rounds[vw] = clock.roundAfterApplied();
    }
    return new Weights(range.index(), round, held, rounds, busyRounds, values);
  }

  /** An independent copy. It shares contributions that wait for their turn: nobody changes them. */
  public Block copy() {
    float[][] copiedSlots = new float[slots.length][];
    for (int slot = 0; slot < slots.length; slot++) {
      copiedSlots[slot] = slots[slot].clone();
    }
    Block copy = new Block(range, values.clone(), copiedSlots, sum.clone());
    clocks.forEach(clock -> copy.clocks.add(clock.copy()));
    copy.applied = applied;
    copy.round = round;
    copy.turn = turn;
    copy.sumWeight = sumWeight;
    copy.openReport = openReport;
    copy.newReport = newReport;
    copy.unseen = unseen;
    copy.lastReport = lastReport;
    copy.report = report;
    copy.busyRounds = busyRounds;
    copy.published = published;
    copy.records = records;
    copy.firstRound = firstRound;
    copy.skippedInRow = skippedInRow;
    copy.provenRound = provenRound;
    copy.stopped = stopped;
    copy.lastFactor = lastFactor;
    return copy;
  }
}
