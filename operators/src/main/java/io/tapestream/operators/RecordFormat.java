package io.tapestream.operators;

/** How a Kafka record's value is encoded. */
public enum RecordFormat {
  /** One {@code TrainingExample} in Avro's binary encoding: one example a record. */
  AVRO,
  /** One Arrow IPC stream: as many examples a record as the stream has rows. */
  ARROW
}
