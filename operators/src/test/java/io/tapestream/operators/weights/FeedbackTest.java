package io.tapestream.operators.weights;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.operators.server.BlockSnapshot;
import io.tapestream.operators.server.ServedModel;
import io.tapestream.operators.server.ServerOperator;
import io.tapestream.operators.server.ServerPlan;
import io.tapestream.operators.server.ServerTypes;
import io.tapestream.optimizers.Optimizer;
import io.tapestream.optimizers.Sgd;
import io.tapestream.parameterserver.BlockLayout;
import io.tapestream.parameterserver.Message;
import io.tapestream.parameterserver.Message.Contribution;
import io.tapestream.parameterserver.Weights;
import io.tapestream.parameterserver.consistency.Synchronous;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.runtime.jobgraph.topology.DefaultLogicalTopology;
import org.apache.flink.runtime.testutils.MiniClusterResourceConfiguration;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The whole loop on a real Flink: messages forward, weights back, checkpoints through both. */
class FeedbackTest {

  private static final int TRAINERS = 2;
  private static final int BATCHES = 40;
  private static final int FAILING_BATCH = 25;

  @RegisterExtension
  static final MiniClusterExtension CLUSTER =
      new MiniClusterExtension(
          new MiniClusterResourceConfiguration.Builder()
              .setNumberTaskManagers(2)
              .setNumberSlotsPerTaskManager(1)
              .build());

  private static final Map<Integer, BlockSnapshot> LAST = new ConcurrentHashMap<>();
  private static final ConcurrentLinkedQueue<String> FAILED = new ConcurrentLinkedQueue<>();

  @TempDir Path checkpoints;

  @BeforeEach
  void forget() {
    LAST.clear();
    FAILED.clear();
  }

  @Test
  @Timeout(120)
  void i1EachBatchCountsOnceThoughATrainerFailsBetweenCheckpoints() throws Exception {
    StreamExecutionEnvironment job = job(checkpoints);
    job.execute("feedback");

    assertThat(FAILED).hasSize(1);
    float[] counts = new float[BATCHES];
    LAST.values()
        .forEach(b -> System.arraycopy(b.values(), 0, counts, b.from(), b.values().length));
    assertThat(counts).containsOnly(TRAINERS);
    assertThat(LAST.values()).extracting(BlockSnapshot::round).containsOnly((long) BATCHES);
    assertThat(WeightExchange.open()).as("R9: every attempt ended its hand-over").isZero();
  }

  @Test
  void r10SourceServerAndWeightReturnAreOneRegion() {
    var graph = job(checkpoints).getStreamGraph().getJobGraph();
    assertThat(DefaultLogicalTopology.fromJobGraph(graph).getAllPipelinedRegions()).hasSize(1);
  }

  private static StreamExecutionEnvironment job(Path checkpoints) {
    Configuration settings = new Configuration();
    settings.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
    settings.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, 2);
    settings.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ofMillis(50));
    settings.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, checkpoints.toUri().toString());
    StreamExecutionEnvironment job = StreamExecutionEnvironment.getExecutionEnvironment(settings);
    job.setParallelism(TRAINERS);
    job.setBufferTimeout(0);
    job.enableCheckpointing(100);

    ServerPlan plan =
        new ServerPlan(
            new Counters(BATCHES),
            new Synchronous(),
            BlockLayout.ofElements(BATCHES, BATCHES, 16),
            List.of("vw-0", "vw-1"),
            1,
            List.of(),
            16);
    SingleOutputStreamOperator<Message> source =
        job.fromSource(
            new CountingSource(plan, BATCHES, FAILING_BATCH),
            WatermarkStrategy.noWatermarks(),
            "source",
            ServerTypes.MESSAGE);
    source.getTransformation().setCoLocationGroupKey("weights");
    SingleOutputStreamOperator<Weights> server =
        source
            .map(new FailingOnce())
            .returns(ServerTypes.MESSAGE)
            .keyBy(plan.keys(), Types.INT)
            .transform("server", ServerTypes.WEIGHTS, new ServerOperator(plan))
            .setMaxParallelism(plan.maxParallelism());
    server
        .broadcast()
        .transform(
            "weight return",
            Types.VOID,
            new WeightReturnOperator(plan.layout(), plan.consistency()))
        .getTransformation()
        .setCoLocationGroupKey("weights");
    DataStream<BlockSnapshot> snapshots = server.getSideOutput(ServerOperator.SNAPSHOTS);
    snapshots
        .rebalance()
        .map(
            snapshot -> {
              LAST.merge(snapshot.block(), snapshot, (a, b) -> a.round() > b.round() ? a : b);
              return snapshot.block();
            })
        .returns(Types.INT)
        .sinkTo(new DiscardingSink<>());
    return job;
  }

  /** Fails in the first attempt, in the middle of a round and of a batch's blocks. */
  private static final class FailingOnce implements MapFunction<Message, Message> {

    private static final long serialVersionUID = 1L;

    @Override
    public Message map(Message message) throws Exception {
      if (message instanceof Contribution
          && message.virtualWorker() == 1
          && message.batch() == FAILING_BATCH
          && message.block() == 1
          && FAILED.isEmpty()) {
        FAILED.add("batch " + message.batch());
        throw new IllegalStateException("a trainer fails on purpose");
      }
      return message;
    }
  }

  /** The model that counts: sum loss, rate 1. */
  private record Counters(int size) implements ServedModel {

    @Override
    public Optimizer optimizer(ClassLoader userClasses) {
      return new Sgd(1);
    }

    @Override
    public boolean meanLoss(ClassLoader userClasses) {
      return false;
    }

    @Override
    public float[] initialValues(ClassLoader userClasses) {
      return new float[size];
    }
  }
}
