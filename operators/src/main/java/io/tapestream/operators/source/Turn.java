package io.tapestream.operators.source;

import org.apache.kafka.common.TopicPartition;

/**
 * What a virtual worker does when its turn in a round has come: it trains on a mini-batch, or it
 * lets the round pass; before either it may say which records are missing. Immutable: it passes
 * from the source to the trainer by reference.
 */
public sealed interface Turn permits MiniBatch, SkippedRound, LostRecords {

  /** The virtual worker's number. */
  int virtualWorker();

  /** The Kafka partition it reads. */
  TopicPartition partition();

  /** The index of the mini-batch, or of the first one that has not left. */
  long index();

  /** The round that it is a turn in. */
  long round();
}
