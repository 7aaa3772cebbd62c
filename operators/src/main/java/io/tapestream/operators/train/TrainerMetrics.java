package io.tapestream.operators.train;

import io.tapestream.operators.metrics.Measure;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.MetricGroup;

/** A trainer's measures under its operator's scope. */
final class TrainerMetrics implements MiniBatchTrainer.Observer {

  private final Counter examples;
  private final Counter skippedRounds;
  private final Counter lostRecords;
  private final Counter rejected;
  private final Counter skippedBatches;
  private final Histogram staleness;
  private final Counter bytesUp;
  private final Counter decode;
  private final Counter load;
  private final Counter forward;
  private final Counter backward;
  private final Counter push;

  TrainerMetrics(MetricGroup group) {
    examples = Measure.EXAMPLES.counter(group);
    Measure.EXAMPLES_PER_SECOND.rate(group, examples);
    skippedRounds = Measure.SKIPPED_ROUNDS.counter(group);
    lostRecords = Measure.LOST_RECORDS.counter(group);
    rejected = Measure.REJECTED.counter(group);
    skippedBatches = Measure.SKIPPED_BATCHES.counter(group);
    staleness = Measure.STALENESS.histogram(group);
    bytesUp = Measure.BYTES_UP.counter(group);
    decode = Measure.DECODE.counter(group);
    load = Measure.LOAD.counter(group);
    forward = Measure.FORWARD.counter(group);
    backward = Measure.BACKWARD.counter(group);
    push = Measure.PUSH.counter(group);
  }

  /** Counts a mini-batch. */
  void trained(int newExamples, long newRejected, long bytes) {
    examples.inc(newExamples);
    rejected.inc(newRejected);
    bytesUp.inc(bytes);
  }

  /** Counts a round that passes. */
  void skipped(long bytes) {
    skippedRounds.inc();
    bytesUp.inc(bytes);
  }

  /** Counts a mini-batch that the guard has refused. */
  void skippedBatch() {
    skippedBatches.inc();
  }

  /** Counts records that are missing. */
  void lost(long records, long bytes) {
    lostRecords.inc(records);
    bytesUp.inc(bytes);
  }

  @Override
  public void add(
      long rounds,
      long decodeNanos,
      long loadNanos,
      long forwardNanos,
      long backwardNanos,
      long pushNanos) {
    staleness.update(rounds);
    decode.inc(decodeNanos);
    load.inc(loadNanos);
    forward.inc(forwardNanos);
    backward.inc(backwardNanos);
    push.inc(pushNanos);
  }
}
