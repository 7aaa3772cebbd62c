package io.tapestream.operators.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.optimizers.Adam;
import io.tapestream.parameterserver.Block;
import io.tapestream.parameterserver.BlockRange;
import io.tapestream.parameterserver.Header;
import io.tapestream.parameterserver.ParameterServer;
import io.tapestream.parameterserver.RoundSum;
import io.tapestream.parameterserver.Weights;
import io.tapestream.parameterserver.consistency.Synchronous;
import java.util.List;
import java.util.stream.Stream;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.util.InstantiationUtil;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ServerTypesTest {

  static Stream<Arguments> valuesOfEveryType() {
    BlockRange range = new BlockRange(2, 8, 11, true);
    ParameterServer server = new ParameterServer(new Adam(0.1), new Synchronous(), true);
    Block block = server.fresh(range, new float[12], 2);
    server.accept(block, TestShards.contribution(range, 1, 0));
    Header report = new Header(1, 2, new double[] {3}, new double[] {4}, 5);
    float[] values = {0.5f, -1, Float.MIN_VALUE};
    return Stream.of(
        Arguments.of(ServerTypes.MESSAGE, TestShards.contribution(range, 1, 0)),
        Arguments.of(
            ServerTypes.DELIVERY,
            new Delivery(7, new Weights(2, 4, new long[] {4, 3}, new long[] {4, 4}, values))),
        Arguments.of(ServerTypes.DELIVERY, new Delivery(7, new RoundSum(2, 4, 0.5))),
        Arguments.of(ServerTypes.BLOCK, block),
        Arguments.of(
            ServerTypes.BLOCK_SNAPSHOT,
            new BlockSnapshot(2, 8, 17, 4, 3, new long[] {40, -1}, report, 99, List.of(), values)));
  }

  @ParameterizedTest
  @MethodSource("valuesOfEveryType")
  <T> void aValueComesBackFromItsSerializerAndFromTheSnapshotOfItsSerializer(
      TypeInformation<T> type, T value) throws Exception {
    TypeSerializer<T> serializer =
        InstantiationUtil.clone(type).createSerializer(new SerializerConfigImpl());
    DataOutputSerializer out = new DataOutputSerializer(64);
    serializer.serialize(value, out);

    DataOutputSerializer stored = new DataOutputSerializer(64);
    TypeSerializerSnapshot.writeVersionedSnapshot(stored, serializer.snapshotConfiguration());
    TypeSerializerSnapshot<T> snapshot =
        TypeSerializerSnapshot.readVersionedSnapshot(
            new DataInputDeserializer(stored.getCopyOfBuffer()), getClass().getClassLoader());
    T read =
        snapshot.restoreSerializer().deserialize(new DataInputDeserializer(out.getCopyOfBuffer()));

    assertThat(read).usingRecursiveComparison().isEqualTo(value);
    assertThat(serializer.copy(value)).usingRecursiveComparison().isEqualTo(value);
    assertThat(
            serializer
                .snapshotConfiguration()
                .resolveSchemaCompatibility(snapshot)
                .isCompatibleAsIs())
        .isTrue();
  }
}
