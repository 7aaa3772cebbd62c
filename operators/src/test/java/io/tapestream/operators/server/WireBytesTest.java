package io.tapestream.operators.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.operators.metrics.WireBytes;
import io.tapestream.parameterserver.BlockLayout;
import io.tapestream.parameterserver.BlockRange;
import io.tapestream.parameterserver.Message;
import io.tapestream.parameterserver.Weights;
import java.util.Arrays;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a model costs on the wire, counted where it is serialised. */
class WireBytesTest {

  private static final double MOST = 1.05;

  @BeforeEach
  void begin() {
    long unused = WireBytes.take();
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 1_000, 44_426, 1_000_000})
  void aContributionTakesAtMost105PercentOfTheDenseParameters(int parameters) throws Exception {
    var serializer = new ServerTypes.MessageSerializer();
    DataOutputSerializer wire = new DataOutputSerializer(64);
    for (BlockRange block : layout(parameters).blocks()) {
      Message message = TestShards.contribution(block, 999, 1L << 40);
      serializer.serialize(message, wire);
    }
    long counted = WireBytes.take();

    assertThat(counted).isEqualTo(wire.length());
    assertThat((double) counted / (parameters * Float.BYTES)).isBetween(1.0, MOST);
    assertThat(WireBytes.take()).isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 128, 2_000})
  void aRoundsWeightsTakeAtMost105PercentForManyPartitionsToo(int virtualWorkers) throws Exception {
    int parameters = 200_000;
    var serializer = new ServerTypes.DeliverySerializer();
    DataOutputSerializer wire = new DataOutputSerializer(64);
    long[] clocks = new long[virtualWorkers];
    Arrays.fill(clocks, 1L << 40);
    for (BlockRange block : layout(parameters).blocks()) {
      serializer.serialize(
          new Delivery(
              3, new Weights(block.index(), 1L << 40, clocks, clocks, new float[block.length()])),
          wire);
    }
    var read = new DataInputDeserializer(wire.getCopyOfBuffer());
    while (read.available() > 0) {
      serializer.deserialize(read);
    }
    long counted = WireBytes.take();

    assertThat(counted).isEqualTo(wire.length());
    assertThat((double) counted / (parameters * Float.BYTES)).isBetween(1.0, MOST);
  }

  private static BlockLayout layout(int parameters) {
    return BlockLayout.ofElements(parameters, parameters, BlockLayout.DEFAULT_BLOCK_FLOATS);
  }
}
