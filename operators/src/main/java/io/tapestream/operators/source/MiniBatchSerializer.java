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
 * Copies a {@link MiniBatch} by reference, and writes it where the trainer is not chained.
 *
 * <pre>
 *   | virtual worker int | topic UTF | partition int | index long | next offset long | last boolean |
 *   | records int | per record: offset long, timestamp long, from row int, to row int, length int,
 *                   bytes |
 * </pre>
 */
final class MiniBatchSerializer extends TypeSerializerSingleton<MiniBatch> {

  static final MiniBatchSerializer INSTANCE = new MiniBatchSerializer();

  private static final long serialVersionUID = 1L;

  private MiniBatchSerializer() {}

  @Override
  public boolean isImmutableType() {
    return true;
  }

  @Override
  public MiniBatch createInstance() {
    return new MiniBatch(0, new TopicPartition("", 0), 0, List.of(), 0, true);
  }

  @Override
  public MiniBatch copy(MiniBatch from) {
    return from;
  }

  @Override
  public MiniBatch copy(MiniBatch from, MiniBatch reuse) {
    return from;
  }

  @Override
  public int getLength() {
    return -1;
  }

  @Override
  public void serialize(MiniBatch batch, DataOutputView out) throws IOException {
    out.writeInt(batch.virtualWorker());
    out.writeUTF(batch.partition().topic());
    out.writeInt(batch.partition().partition());
    out.writeLong(batch.index());
    out.writeLong(batch.nextOffset());
    out.writeBoolean(batch.last());
    out.writeInt(batch.records().size());
    for (RawRecord record : batch.records()) {
      out.writeLong(record.offset());
      out.writeLong(record.timestamp());
      out.writeInt(record.fromRow());
      out.writeInt(record.toRow());
      out.writeInt(record.value().length);
      out.write(record.value());
    }
  }

  @Override
  public MiniBatch deserialize(DataInputView in) throws IOException {
    int virtualWorker = in.readInt();
    var partition = new TopicPartition(in.readUTF(), in.readInt());
    long index = in.readLong();
    long nextOffset = in.readLong();
    boolean last = in.readBoolean();
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
    return new MiniBatch(virtualWorker, partition, index, records, nextOffset, last);
  }

  @Override
  public MiniBatch deserialize(MiniBatch reuse, DataInputView in) throws IOException {
    return deserialize(in);
  }

  @Override
  public void copy(DataInputView in, DataOutputView out) throws IOException {
    serialize(deserialize(in), out);
  }

  @Override
  public TypeSerializerSnapshot<MiniBatch> snapshotConfiguration() {
    return new Snapshot();
  }

  /** Found by its name when a savepoint is read. */
  @SuppressWarnings("WeakerAccess")
  public static final class Snapshot extends SimpleTypeSerializerSnapshot<MiniBatch> {

    public Snapshot() {
      super(() -> INSTANCE);
    }
  }
}
