package io.tapestream.operators.source;

/**
 * A Kafka record as it came, or the part of it that belongs to one mini-batch. A record that holds
 * many examples (Arrow) may straddle mini-batches, so a position is an offset and a row.
 *
 * <p>The value is shared, never copied and never written to; two records are equal only when they
 * are the same.
 */
public final class RawRecord {

  private final long offset;
  private final long timestamp;
  private final byte[] value;
  private final int fromRow;
  private final int toRow;

  /**
   * @param offset of the record in its partition
   * @param timestamp milliseconds since 1970-01-01 UTC, as Kafka has it
   * @param value the bytes; empty for a record without a value
   * @param fromRow the first row that belongs to the mini-batch
   * @param toRow after the last such row; 1 for a record that is one example
   */
  public RawRecord(long offset, long timestamp, byte[] value, int fromRow, int toRow) {
    if (fromRow < 0 || toRow <= fromRow) {
      throw new IllegalArgumentException(
          "record at offset " + offset + ": no rows in [" + fromRow + ", " + toRow + ")");
    }
    this.offset = offset;
    this.timestamp = timestamp;
    this.value = value;
    this.fromRow = fromRow;
    this.toRow = toRow;
  }

  /** A record that is one example. */
  public static RawRecord of(long offset, long timestamp, byte[] value) {
    return new RawRecord(offset, timestamp, value, 0, 1);
  }

  /** Its place in the partition. */
  public long offset() {
    return offset;
  }

  /** Milliseconds since 1970-01-01 UTC. */
  public long timestamp() {
    return timestamp;
  }

  /** The record's whole value, whichever rows belong to the mini-batch; not to be written to. */
  public byte[] value() {
    return value;
  }

  /** The first row that belongs to the mini-batch. */
  public int fromRow() {
    return fromRow;
  }

  /** After the last such row. */
  public int toRow() {
    return toRow;
  }

  /** Raw examples of it in the mini-batch. */
  public int examples() {
    return toRow - fromRow;
  }

  /** The part of this record from one row up to another. */
  RawRecord rows(int from, int to) {
    return from == fromRow && to == toRow
        ? this
        : new RawRecord(offset, timestamp, value, from, to);
  }

  @Override
  public String toString() {
    return "offset " + offset + " rows [" + fromRow + ", " + toRow + ")";
  }
}
