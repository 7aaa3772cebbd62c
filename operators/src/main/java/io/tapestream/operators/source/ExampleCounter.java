package io.tapestream.operators.source;

import io.tapestream.operators.RecordFormat;
import io.tapestream.schemas.ArrowStream;
import io.tapestream.schemas.UnreadableRecordException;

/**
 * Says how many raw examples a record holds, so that a mini-batch can be cut before anything is
 * decoded. The answer depends on the bytes alone and is at least 1: a record that can't be read, or
 * holds none, counts as one example, which the decoder will reject.
 */
@FunctionalInterface
public interface ExampleCounter {

  /**
   * Counts a record's examples.
   *
   * @param value the record's value; empty for a record without one
   * @return at least 1
   */
  int count(byte[] value);

  /** The counter for a format: 1 for Avro; for Arrow the rows, read from the stream's headers. */
  static ExampleCounter of(RecordFormat format) {
    return switch (format) {
      case AVRO -> value -> 1;
      case ARROW -> ExampleCounter::rows;
    };
  }

  private static int rows(byte[] value) {
    try {
      return Math.max(1, ArrowStream.countRows(value));
    } catch (UnreadableRecordException e) {
      return 1; // the decoder reads it again and rejects it with the reason
    }
  }
}
