package io.tapestream.operators.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.tapestream.operators.server.BlockSnapshot;
import io.tapestream.operators.server.Delivery;
import io.tapestream.operators.server.ServedModel;
import io.tapestream.operators.server.ServerOperator;
import io.tapestream.operators.server.ServerPlan;
import io.tapestream.operators.server.ServerTypes;
import io.tapestream.optimizers.Optimizer;
import io.tapestream.optimizers.Sgd;
import io.tapestream.parameterserver.BlockLayout;
import io.tapestream.parameterserver.BlockRange;
import io.tapestream.parameterserver.Message;
import io.tapestream.parameterserver.Message.Contribution;
import io.tapestream.parameterserver.Weights;
import io.tapestream.parameterserver.consistency.Synchronous;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.RichMapFunction;
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

  private static final ConcurrentLinkedQueue<Zombie> ZOMBIES = new ConcurrentLinkedQueue<>();

  /** A permit for each contribution of the attempt after the one that failed. */
  private static final Semaphore LATER = new Semaphore(0);

  private static final BlockLayout LAYOUT = BlockLayout.ofElements(BATCHES, BATCHES, 16);

  @TempDir Path checkpoints;

  @BeforeEach
  void forget() {
    LAST.clear();
    FAILED.clear();
    ZOMBIES.clear();
    LATER.drainPermits();
  }

  @Test
  @Timeout(120)
  void i8WeightsOfAnAbandonedAttemptThatComeLateAreNeverUsedAndI1EachBatchCountsOnce()
      throws Exception {
    StreamExecutionEnvironment job = job(checkpoints);
    job.execute("feedback");

    assertThat(FAILED).hasSize(1);
    for (Zombie zombie : ZOMBIES) {
      assertThat(zombie.end()).as("late deliveries").isPositive();
    }
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
            LAYOUT,
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
    SingleOutputStreamOperator<Delivery> server =
        source
            .map(new FailingOnce())
            .returns(ServerTypes.MESSAGE)
            .keyBy(plan.keys(), Types.INT)
            .transform("server", ServerTypes.DELIVERY, new ServerOperator(plan))
            .setMaxParallelism(plan.maxParallelism());
    server
        .partitionCustom(new Delivery.Address(), new Delivery.Address())
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

  /**
   * Fails in the first attempt, in the middle of a round and of a batch's blocks. What this attempt
   * leaves behind goes on delivering weights in the next one, as a delayed feedback edge would.
   */
  private static final class FailingOnce extends RichMapFunction<Message, Message> {

    private static final long serialVersionUID = 1L;

    @Override
    public Message map(Message message) throws Exception {
      if (message instanceof Contribution contribution) {
        if (getRuntimeContext().getTaskInfo().getAttemptNumber() > 0) {
          LATER.release();
        } else if (contribution.virtualWorker() == 1
            && contribution.batch() == FAILING_BATCH
            && contribution.block() == 1) {
          FAILED.add("batch " + contribution.batch());
          Zombie zombie =
              new Zombie(
                  WeightExchange.Key.of(getRuntimeContext().getMetricGroup().getAllVariables()));
          ZOMBIES.add(zombie);
          zombie.start();
          throw new IllegalStateException("a trainer fails on purpose");
        }
      }
      return message;
    }
  }

  /** Delivers weights to an abandoned attempt: whoever used them would end the training at once. */
  private static final class Zombie extends Thread {
    private final WeightExchange.Key key;
    private final WeightReplica replica;
    private volatile boolean ended;
    private final AtomicLong delivered = new AtomicLong();

    Zombie(WeightExchange.Key key) {
      super("late weights");
      this.key = key;
      this.replica =
          WeightExchange.meet(
              key, TRAINERS, () -> fail("the attempt is running and has its replica"));
    }

    @Override
    public void run() {
      try {
        while (!ended) {
          LATER.acquire();
          for (BlockRange block : LAYOUT.blocks()) {
            long[] all = {BATCHES, BATCHES};
            float[] values = new float[block.length()];
            Arrays.fill(values, 1_000);
            replica.receive(new Weights(block.index(), BATCHES, all, all, values));
          }
          delivered.incrementAndGet();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } finally {
        WeightExchange.leave(key, replica);
      }
    }

    long end() throws InterruptedException {
      ended = true;
      LATER.release();
      join();
      return delivered.get();
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
