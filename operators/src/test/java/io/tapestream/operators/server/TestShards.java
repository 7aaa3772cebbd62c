package io.tapestream.operators.server;

import io.tapestream.parameterserver.BlockRange;
import io.tapestream.parameterserver.Gradient.Dense;
import io.tapestream.parameterserver.Gradient.None;
import io.tapestream.parameterserver.Header;
import io.tapestream.parameterserver.Message;
import io.tapestream.parameterserver.Message.Contribution;
import io.tapestream.parameterserver.Message.Hello;
import io.tapestream.parameterserver.Message.Leave;
import io.tapestream.parameterserver.Reply;
import io.tapestream.parameterserver.Weights;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.runtime.state.StateBackend;
import org.apache.flink.runtime.state.hashmap.HashMapStateBackend;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.apache.flink.util.IOUtils;
import org.jspecify.annotations.Nullable;

/** All shards of one parameter server, each in Flink's harness, partitioned as Flink would. */
final class TestShards implements AutoCloseable {

  /** The state of all shards, as one checkpoint holds it. */
  record Checkpoint(int parallelism, OperatorSubtaskState state) {}

  /** Of the trainer that says hello at the start. */
  static final UUID REPLICA = new UUID(0, 1);

  private final ServerPlan plan;
  private final BlockKeys keys;
  private final List<KeyedOneInputStreamOperatorTestHarness<Integer, Message, Delivery>> shards =
      new ArrayList<>();

  TestShards(ServerPlan plan, int parallelism, @Nullable Checkpoint from) throws Exception {
    this(plan, plan.maxParallelism(), parallelism, from);
  }

  TestShards(ServerPlan plan, int maxParallelism, int parallelism, @Nullable Checkpoint from)
      throws Exception {
    this(plan, new HashMapStateBackend(), maxParallelism, parallelism, from);
  }

  TestShards(ServerPlan plan, StateBackend backend, int parallelism, @Nullable Checkpoint from)
      throws Exception {
    this(plan, backend, plan.maxParallelism(), parallelism, from);
  }

  private TestShards(
      ServerPlan plan,
      StateBackend backend,
      int maxParallelism,
      int parallelism,
      @Nullable Checkpoint from)
      throws Exception {
    this.plan = plan;
    this.keys = plan.keys();
    for (int subtask = 0; subtask < parallelism; subtask++) {
      var harness =
          new KeyedOneInputStreamOperatorTestHarness<>(
              new ServerOperator(plan), keys, Types.INT, maxParallelism, parallelism, subtask);
      harness.setStateBackend(backend);
      shards.add(harness);
      harness.setup(
          ServerTypes.DELIVERY.createSerializer(
              harness.getExecutionConfig().getSerializerConfig()));
      if (from != null) {
        harness.initializeState(
            AbstractStreamOperatorTestHarness.repartitionOperatorState(
                from.state(), maxParallelism, from.parallelism(), parallelism, subtask));
      } else {
        harness.initializeEmptyState();
      }
      harness.open();
    }
    greet(0, REPLICA);
  }

  /** A trainer asks every block for its weights. */
  void greet(int subtask, UUID replica) throws Exception {
    for (BlockRange range : plan.layout().blocks()) {
      accept(new Hello(range.index(), subtask, replica));
    }
  }

  KeyedOneInputStreamOperatorTestHarness<Integer, Message, Delivery> shard(int index) {
    return shards.get(index);
  }

  void accept(Message message) throws Exception {
    int shard =
        KeyGroupRangeAssignment.assignKeyToParallelOperator(
            keys.getKey(message), plan.maxParallelism(), shards.size());
    shards.get(shard).processElement(new StreamRecord<>(message));
  }

  /** Sends a batch of a virtual worker to every block. */
  void contribute(int virtualWorker, long batch) throws Exception {
    for (BlockRange range : plan.layout().blocks()) {
      accept(contribution(range, virtualWorker, batch));
    }
  }

  static Contribution contribution(BlockRange range, int virtualWorker, long batch) {
    float[] gradient = new float[range.length()];
    for (int i = 0; i < gradient.length; i++) {
      gradient[i] = (float) Math.sin(1 + range.from() + i + 10.0 * virtualWorker + 100.0 * batch);
    }
    Header header = new Header(4, 2.0 * (batch + 1), new double[] {1 + batch}, new double[] {4}, 4);
    return new Contribution(
        range.index(), virtualWorker, batch, 4 * (batch + 1), new Dense(gradient), header);
  }

  /** Tells every block that a batch of a virtual worker was skipped. */
  void skip(int virtualWorker, long batch) throws Exception {
    for (BlockRange range : plan.layout().blocks()) {
      accept(
          new Contribution(
              range.index(), virtualWorker, batch, 4 * (batch + 1), new None(), Header.skipped(4)));
    }
  }

  /** Lets a virtual worker leave every block. */
  void leave(int virtualWorker, long batches) throws Exception {
    for (BlockRange range : plan.layout().blocks()) {
      accept(new Leave(range.index(), virtualWorker, batches));
    }
  }

  /** What Flink does at a barrier, on every shard. */
  Checkpoint checkpoint(long id) throws Exception {
    List<OperatorSubtaskState> states = new ArrayList<>();
    for (var shard : shards) {
      shard.prepareSnapshotPreBarrier(id);
      states.add(shard.snapshot(id, id));
    }
    return new Checkpoint(
        shards.size(),
        AbstractStreamOperatorTestHarness.repackageState(
            states.toArray(OperatorSubtaskState[]::new)));
  }

  /** The newest weights that have left, by block. */
  Map<Integer, Weights> newest() {
    Map<Integer, Weights> newest = new TreeMap<>();
    for (Reply reply : replies()) {
      if (reply instanceof Weights weights) {
        newest.put(weights.block(), weights);
      }
    }
    return newest;
  }

  /** All that blocks have told, in the order of the shards. */
  List<Reply> replies() {
    return shards.stream()
        .flatMap(shard -> shard.extractOutputValues().stream().map(Delivery::reply))
        .toList();
  }

  /** For each subtask that was sent to, how many blocks. */
  Map<Integer, Long> addressed() {
    return shards.stream()
        .flatMap(shard -> shard.extractOutputValues().stream())
        .collect(Collectors.groupingBy(Delivery::subtask, Collectors.counting()));
  }

  /** The newest weights that have left, as the flat vector. */
  float[] vector() {
    float[] vector = new float[plan.layout().size()];
    newest()
        .forEach(
            (block, weights) ->
                System.arraycopy(
                    weights.values(),
                    0,
                    vector,
                    plan.layout().block(block).from(),
                    weights.values().length));
    return vector;
  }

  /** All snapshots that have left, by checkpoint and block. */
  List<BlockSnapshot> snapshots() {
    List<BlockSnapshot> snapshots = new ArrayList<>();
    for (var shard : shards) {
      var side = shard.getSideOutput(ServerOperator.SNAPSHOTS);
      if (side != null) {
        side.forEach(record -> snapshots.add(record.getValue()));
      }
    }
    snapshots.sort(
        Comparator.comparingLong(BlockSnapshot::checkpoint).thenComparing(BlockSnapshot::block));
    return snapshots;
  }

  @Override
  public void close() {
    try {
      IOUtils.closeAll(shards);
    } catch (Exception e) {
      throw new AssertionError("a shard did not close", e);
    }
  }
}
