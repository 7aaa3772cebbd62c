package io.tapestream.operators.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.operators.server.TestShards.Checkpoint;
import io.tapestream.optimizers.Granule;
import io.tapestream.optimizers.Optimizer;
import io.tapestream.optimizers.Step;
import io.tapestream.parameterserver.BlockLayout;
import io.tapestream.parameterserver.BlockRange;
import io.tapestream.parameterserver.Gradient.Dense;
import io.tapestream.parameterserver.GradientParts;
import io.tapestream.parameterserver.Message;
import io.tapestream.parameterserver.Message.Contribution;
import io.tapestream.parameterserver.Reply;
import io.tapestream.parameterserver.WeightPart;
import io.tapestream.parameterserver.WeightParts;
import io.tapestream.parameterserver.Weights;
import io.tapestream.parameterserver.consistency.Synchronous;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.flink.runtime.state.StateBackend;
import org.apache.flink.runtime.state.hashmap.HashMapStateBackend;
import org.apache.flink.state.rocksdb.EmbeddedRocksDBStateBackend;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** R14: a block of an optimizer that needs whole tensors is one, and travels in chunks. */
class WholeTensorsTest {

  private static final int CHUNK = 3;
  private static final int[] TENSOR_ENDS = {8, 10, 19, 20};
  private static final ServerPlan PLAN =
      new ServerPlan(
          new TestModel(new TrustRatio(), true, 20),
          new Synchronous(),
          BlockLayout.ofTensors(TENSOR_ENDS, 20, CHUNK),
          List.of("a-0", "a-1", "a-2"),
          1,
          List.of("accuracy"),
          16);

  static List<StateBackend> backends() {
    return List.of(new HashMapStateBackend(), new EmbeddedRocksDBStateBackend());
  }

  /** w ← w − 0.1 · ‖w‖ / ‖g‖ · g, both norms over the tensor: LARS without momentum. */
  private record TrustRatio() implements Optimizer {

    @Override
    public Granule granule() {
      return Granule.TENSOR;
    }

    @Override
    public int slots() {
      return 0;
    }

    @Override
    public float initialSlot(int slot) {
      return 0;
    }

    @Override
    public void update(
        float[] weights, float[] gradient, float[][] slots, int from, int length, Step step) {
      double ratio = norm(weights, from, length) / norm(gradient, from, length);
      for (int i = from; i < from + length; i++) {
        weights[i] -= (float) (0.1 * ratio * gradient[i]);
      }
    }

    private static double norm(float[] values, int from, int length) {
      double squares = 0;
      for (int i = from; i < from + length; i++) {
        squares += values[i] * values[i];
      }
      return Math.sqrt(squares);
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void r14TensorsAreSteppedWholeAndNoMessageIsLargerThanAChunk(StateBackend backend)
      throws Exception {
    float[] expected = PLAN.model().initialValues(getClass().getClassLoader());
    Checkpoint checkpoint = null;
    for (int round = 0; round < 4; round++) {
      int parallelism = 1 + round % 3;
      try (TestShards shards = new TestShards(PLAN, backend, parallelism, checkpoint)) {
        assertThat(vector(shards)).as("after a restore").isEqualTo(expected);
        contributeInTurns(shards, round);
        step(expected, ServerOperatorTest.mean(round));
        assertThat(vector(shards)).isEqualTo(expected);
        checkpoint = shards.checkpoint(round + 1);
        assertThat(published(shards)).isEqualTo(expected);
        assertThat(shards.replies()).allSatisfy(WholeTensorsTest::assertWithinAChunk);
        assertThat(shards.snapshots())
            .allSatisfy(piece -> assertThat(piece.values().length).isLessThanOrEqualTo(CHUNK));
        assertThat(shards.snapshots().stream().mapToInt(piece -> piece.courses().size()).sum())
            .as("a course is told once")
            .isEqualTo(3);
      }
    }
  }

  @Test
  void r14ACheckpointBetweenTheChunksOfABatchFailsTheJob() throws Exception {
    try (TestShards shards = new TestShards(PLAN, 1, null)) {
      List<Message> chunks = chunks(PLAN.layout().block(0), 0, 0);
      shards.accept(chunks.get(0));
      assertThatThrownBy(() -> shards.checkpoint(1))
          .hasStackTraceContaining("a checkpoint is taken while contributions are here in part");
      assertThatThrownBy(() -> shards.shard(0).getOperator().finish())
          .hasMessageContaining("the job ends while contributions are here in part");
      shards.accept(chunks.get(1));
      shards.accept(chunks.get(2));
      shards.checkpoint(2);
    }
  }

  @Test
  void r14TheMemoryOfWhatIsHereInPartIsAskedForAtStartUp() {
    List<Integer> all = List.of(0, 1, 2, 3);
    long needed = 20 * 4 * (2 * 2 + 3 + 1);
    ServerMemory.check(PLAN, all, 0, 2, needed);
    assertThatThrownBy(() -> ServerMemory.check(PLAN, all, 0, 2, needed - 1))
        .hasMessageContaining("run more shards");
  }

  /** The chunks of the three virtual workers come in turns, as over three channels. */
  private static void contributeInTurns(TestShards shards, long batch) throws Exception {
    for (BlockRange range : PLAN.layout().blocks()) {
      List<List<Message>> channels = new ArrayList<>();
      for (int vw = 0; vw < 3; vw++) {
        channels.add(chunks(range, vw, batch));
      }
      for (int i = 0; i < channels.get(0).size(); i++) {
        for (List<Message> channel : channels) {
          shards.accept(channel.get(i));
        }
      }
    }
  }

  private static List<Message> chunks(BlockRange range, int virtualWorker, long batch) {
    List<Message> chunks = new ArrayList<>();
    Contribution whole = TestShards.contribution(range, virtualWorker, batch);
    GradientParts.cut(whole, CHUNK, chunks::add);
    assertThat(chunks).hasSize((((Dense) whole.gradient()).values().length + CHUNK - 1) / CHUNK);
    return chunks;
  }

  private static void step(float[] values, float[] gradient) {
    int from = 0;
    for (int end : TENSOR_ENDS) {
      new TrustRatio().update(values, gradient, new float[0][], from, end - from, Step.of(1));
      from = end;
    }
  }

  private static void assertWithinAChunk(Reply reply) {
    float[] values = reply instanceof WeightPart part ? part.values() : ((Weights) reply).values();
    assertThat(values.length).isLessThanOrEqualTo(CHUNK);
  }

  private static float[] vector(TestShards shards) {
    float[] vector = new float[PLAN.layout().size()];
    WeightParts parts = new WeightParts(PLAN.layout());
    for (Reply reply : shards.replies()) {
      if (reply instanceof WeightPart part) {
        parts.take(part);
      } else {
        Weights weights = parts.join((Weights) reply);
        BlockRange range = PLAN.layout().block(weights.block());
        assertThat(weights.values()).hasSize(range.length());
        System.arraycopy(weights.values(), 0, vector, range.from(), range.length());
      }
    }
    return vector;
  }

  private static float[] published(TestShards shards) {
    float[] vector = new float[PLAN.layout().size()];
    Arrays.fill(vector, Float.NaN);
    for (BlockSnapshot piece : shards.snapshots()) {
      System.arraycopy(piece.values(), 0, vector, piece.from(), piece.values().length);
    }
    return vector;
  }
}
