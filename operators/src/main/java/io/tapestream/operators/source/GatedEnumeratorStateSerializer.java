package io.tapestream.operators.source;

import io.tapestream.operators.VirtualWorkers;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Bytes of a {@link GatedEnumeratorState}.
 *
 * <pre>
 *   version 1
 *   | partitions int (0: not resolved) | per partition: topic UTF, partition int |
 *   | topics int | per topic: name UTF, id UTF |
 *   | split version int | splits int | per split: length int, bytes |
 * </pre>
 */
final class GatedEnumeratorStateSerializer
    implements SimpleVersionedSerializer<GatedEnumeratorState> {

  private static final int VERSION = 1;

  private final GatedSplitSerializer splits = new GatedSplitSerializer();

  @Override
  public int getVersion() {
    return VERSION;
  }

  @Override
  public byte[] serialize(GatedEnumeratorState state) throws IOException {
    var out = new DataOutputSerializer(256);
    VirtualWorkers table = state.virtualWorkers();
    List<TopicPartition> partitions = table == null ? List.of() : table.partitions();
    out.writeInt(partitions.size());
    for (TopicPartition partition : partitions) {
      out.writeUTF(partition.topic());
      out.writeInt(partition.partition());
    }
    Map<String, String> ids = table == null ? Map.of() : table.topicIds();
    out.writeInt(ids.size());
    for (var topic : new TreeMap<>(ids).entrySet()) {
      out.writeUTF(topic.getKey());
      out.writeUTF(topic.getValue());
    }
    out.writeInt(splits.getVersion());
    out.writeInt(state.unassigned().size());
    for (GatedSplit split : state.unassigned()) {
      byte[] bytes = splits.serialize(split);
      out.writeInt(bytes.length);
      out.write(bytes);
    }
    return out.getCopyOfBuffer();
  }

  @Override
  public GatedEnumeratorState deserialize(int version, byte[] bytes) throws IOException {
    if (version != VERSION) {
      throw new IOException(
          "cannot read an enumerator's state of version " + version + ", only " + VERSION);
    }
    var in = new DataInputDeserializer(bytes);
    VirtualWorkers table = readTable(in);
    int splitVersion = in.readInt();
    List<GatedSplit> unassigned = new ArrayList<>();
    for (int left = in.readInt(); left > 0; left--) {
      byte[] split = new byte[in.readInt()];
      in.readFully(split);
      unassigned.add(splits.deserialize(splitVersion, split));
    }
    return new GatedEnumeratorState(table, unassigned);
  }

  private static @Nullable VirtualWorkers readTable(DataInputDeserializer in) throws IOException {
    List<TopicPartition> partitions = new ArrayList<>();
    for (int left = in.readInt(); left > 0; left--) {
      partitions.add(new TopicPartition(in.readUTF(), in.readInt()));
    }
    Map<String, String> ids = new HashMap<>();
    for (int left = in.readInt(); left > 0; left--) {
      ids.put(in.readUTF(), in.readUTF());
    }
    return partitions.isEmpty() ? null : new VirtualWorkers(partitions, ids);
  }
}
