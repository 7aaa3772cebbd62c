package io.tapestream.operators.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.operators.server.Delivery;
import io.tapestream.parameterserver.BlockLayout;
import io.tapestream.parameterserver.Weights;
import io.tapestream.parameterserver.consistency.Synchronous;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@SuppressWarnings("try") // the harness closes as Flink lets it
class WeightReturnOperatorTest {

  private static final BlockLayout LAYOUT = BlockLayout.ofElements(3, 3, 3);

  @AfterEach
  void nothingIsLeftBehind() {
    assertThat(WeightExchange.open()).isZero();
  }

  @Test
  void weightsReachTheTrainersOfTheProcess() throws Exception {
    try (var harness = harness()) {
      harness.open();
      WeightReplica trainer = WeightExchange.meet(key(harness), 1, WeightReturnOperatorTest::none);
      harness.processElement(new StreamRecord<>(weights(4)));

      assertThat(trainer.round()).isEqualTo(4);
      WeightExchange.leave(key(harness), trainer);
    }
  }

  @Test
  void r10AWeightReturnWhoseTrainerWasRestoredAsFinishedJustKeepsTheWeights() throws Exception {
    try (var harness = harness()) {
      harness.open();
      harness.processElement(new StreamRecord<>(weights(0)));
      harness.processElement(new StreamRecord<>(weights(1)));

      assertThat(harness.getOutput()).isEmpty();
    }
  }

  @Test
  void r11AWeightReturnOfAnotherParallelismThanItsTrainersFailsAtStartUp() throws Exception {
    try (var harness = harness()) {
      WeightExchange.Key key = key(harness);
      WeightReplica trainer =
          WeightExchange.meet(key, 2, () -> new WeightReplica(LAYOUT, new Synchronous()));

      assertThatThrownBy(harness::open).hasMessageContaining("parallelism 2 and 1");
      WeightExchange.leave(key, trainer);
    }
  }

  private static OneInputStreamOperatorTestHarness<Delivery, Void> harness() throws Exception {
    var harness =
        new OneInputStreamOperatorTestHarness<Delivery, Void>(
            new WeightReturnOperator(LAYOUT, new Synchronous()));
    harness.setup(Types.VOID.createSerializer(new SerializerConfigImpl()));
    return harness;
  }

  private static WeightExchange.Key key(OneInputStreamOperatorTestHarness<Delivery, Void> harness) {
    return WeightExchange.Key.of(harness.getOneInputOperator().getMetricGroup().getAllVariables());
  }

  private static WeightReplica none() {
    throw new AssertionError("the weight return has brought the replica");
  }

  private static Delivery weights(long round) {
    return new Delivery(0, new Weights(0, round, new long[1], new long[1], new float[3]));
  }
}
