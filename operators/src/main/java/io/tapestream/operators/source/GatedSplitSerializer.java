package io.tapestream.operators.source;

import io.tapestream.parameterserver.Payload;
import java.io.IOException;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.kafka.common.TopicPartition;

/**
 * Bytes of a {@link GatedSplit}.
 *
 * <pre>
 *   version 1
 *   | topic UTF | partition int | offset long | row int | stopping offset long | batch long |
 *   | left boolean | residual floats |
 * </pre>
 *
 * <p>Floats as in {@link Payload}.
 */
final class GatedSplitSerializer implements SimpleVersionedSerializer<GatedSplit> {

  private static final int VERSION = 1;

  @Override
  public int getVersion() {
    return VERSION;
  }

  @Override
  public byte[] serialize(GatedSplit split) throws IOException {
    var out = new DataOutputSerializer(64);
    out.writeUTF(split.partition().topic());
    out.writeInt(split.partition().partition());
    out.writeLong(split.offset());
    out.writeInt(split.row());
    out.writeLong(split.stoppingOffset());
    out.writeLong(split.batch());
    out.writeBoolean(split.left());
    Payload.writeFloats(out, split.residual().toArray());
    return out.getCopyOfBuffer();
  }

  @Override
  public GatedSplit deserialize(int version, byte[] bytes) throws IOException {
    if (version != VERSION) {
      throw new IOException("cannot read a split of version " + version + ", only " + VERSION);
    }
    var in = new DataInputDeserializer(bytes);
    return new GatedSplit(
        new TopicPartition(in.readUTF(), in.readInt()),
        in.readLong(),
        in.readInt(),
        in.readLong(),
        in.readLong(),
        in.readBoolean(),
        new Residual(Payload.readFloats(in)));
  }
}
