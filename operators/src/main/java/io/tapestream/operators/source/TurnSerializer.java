package io.tapestream.operators.source;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.TypeSerializerSingleton;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.apache.kafka.common.TopicPartition;

/**
 * Copies a {@link Turn} by reference, and writes it where the trainer is not chained.
 *
 * <pre>
 *   | virtual worker int | topic UTF | partition int | index long | round long |
 *   | kind byte: 0 mini-batch, 1 skip, 2 lost |
 *   a mini-batch: | next offset long | last boolean | records int |
 *                 | per record: offset long, timestamp long, from row int, to row int, length int,
 *                   bytes |
 *   lost:         | from long | to long |
 * </pre>
 */
final class TurnSerializer extends TypeSerializerSingleton<Turn> {

  static final TurnSerializer INSTANCE = new TurnSerializer();

  private static final long serialVersionUID = 1L;

  private static final int BATCH = 0;
  private static final int SKIP = 1;
  private static final int LOST = 2;

  private TurnSerializer() {}

  @Override
  public boolean isImmutableType() {
    return true;
  }

  @Override
  public Turn createInstance() {
    return new MiniBatch(0, new TopicPartition("", 0), 0, 0, List.of(), 0, true);
  }

  @Override
  public Turn copy(Turn from) {
    return from;
  }

  @Override
  public Turn copy(Turn from, Turn reuse) {
    return from;
  }

  @Override
  public int getLength() {
    return -1;
  }

  @Override
  public void serialize(Turn turn, DataOutputView out) throws IOException {
    out.writeInt(turn.virtualWorker());
    out.writeUTF(turn.partition().topic());
    out.writeInt(turn.partition().partition());
    out.writeLong(turn.index());
    out.writeLong(turn.round());
    if (turn instanceof MiniBatch batch) {
      out.writeByte(BATCH);
      out.writeLong(batch.nextOffset());
      out.writeBoolean(batch.last());
      writeRecords(batch.records(), out);
    } else if (turn instanceof SkippedRound) {
      out.writeByte(SKIP);
    } else if (turn instanceof LostRecords lost) {
      out.writeByte(LOST);
      out.writeLong(lost.from());
      out.writeLong(lost.to());
    }
  }

  private static void writeRecords(List<RawRecord> records, DataOutputView out) throws IOException {
    out.writeInt(records.size());
    for (RawRecord record : records) {
      out.writeLong(record.offset());
      out.writeLong(record.timestamp());
      out.writeInt(record.fromRow());
      out.writeInt(record.toRow());
      out.writeInt(record.value().length);
      out.write(record.value());
    }
  }

  @Override
  public Turn deserialize(DataInputView in) throws IOException {
    int virtualWorker = in.readInt();
    var partition = new TopicPartition(in.readUTF(), in.readInt());
    long index = in.readLong();
    long round = in.readLong();
    int kind = in.readUnsignedByte();
    return switch (kind) {
      case BATCH -> {
        long next = in.readLong();
        boolean last = in.readBoolean();
        yield new MiniBatch(virtualWorker, partition, index, round, readRecords(in), next, last);
      }
      case SKIP -> new SkippedRound(virtualWorker, partition, index, round);
      case LOST ->
          new LostRecords(virtualWorker, partition, index, round, in.readLong(), in.readLong());
      default -> throw new IOException("no turn has kind " + kind);
    };
  }

  private static List<RawRecord> readRecords(DataInputView in) throws IOException {
    List<RawRecord> records = new ArrayList<>();
    for (int left = in.readInt(); left > 0; left--) {
      long offset = in.readLong();
      long timestamp = in.readLong();
      int fromRow = in.readInt();
      int toRow = in.readInt();
      byte[] value = new byte[in.readInt()];
      in.readFully(value);
      records.add(new RawRecord(offset, timestamp, value, fromRow, toRow));
    }
    return records;
  }

  @Override
  public Turn deserialize(Turn reuse, DataInputView in) throws IOException {
    return deserialize(in);
  }

  @Override
  public void copy(DataInputView in, DataOutputView out) throws IOException {
    serialize(deserialize(in), out);
  }

  @Override
  public TypeSerializerSnapshot<Turn> snapshotConfiguration() {
    return new Snapshot();
  }

  /** Found by its name when a savepoint is read. */
  @SuppressWarnings("WeakerAccess")
  public static final class Snapshot extends SimpleTypeSerializerSnapshot<Turn> {

    public Snapshot() {
      super(() -> INSTANCE);
    }
  }
}
