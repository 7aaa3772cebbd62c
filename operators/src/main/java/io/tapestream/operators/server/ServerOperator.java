package io.tapestream.operators.server;

import io.tapestream.optimizers.Optimizer;
import io.tapestream.parameterserver.Block;
import io.tapestream.parameterserver.BlockLayout;
import io.tapestream.parameterserver.GradientParts;
import io.tapestream.parameterserver.Message;
import io.tapestream.parameterserver.Message.Contribution;
import io.tapestream.parameterserver.Message.Hello;
import io.tapestream.parameterserver.Message.Join;
import io.tapestream.parameterserver.Message.Part;
import io.tapestream.parameterserver.Message.Scale;
import io.tapestream.parameterserver.Message.Turn;
import io.tapestream.parameterserver.NonFiniteException;
import io.tapestream.parameterserver.ParameterServer;
import io.tapestream.parameterserver.Reply;
import io.tapestream.parameterserver.Stopped;
import io.tapestream.parameterserver.WeightParts;
import io.tapestream.parameterserver.Weights;
import java.util.List;
import java.util.Optional;
import org.apache.flink.api.common.TaskInfo;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.util.OutputTag;
import org.jspecify.annotations.Nullable;

/**
 * A shard of the parameter server: {@link ParameterServer} on keyed state, one {@link Block} under
 * each representative key.
 *
 * <pre>
 * opened               blocks made from the model's seed, or restored and joined by new virtual
 *                      workers
 * a trainer's hello    the block's weights leave for its process, and from now on whenever they
 *                      leave; unless another trainer of that process was heard of before (R10)
 * a part               is kept until its contribution has come (R14)
 * any other message    its block's transition; weights leave if a round closed
 * before a barrier     if the checkpointed round is due (R18), all blocks leave as snapshots
 *                      where a block has stopped, it tells that instead: the source, which knows
 *                      whether the checkpoint stops the job already, ends training after it
 * finished             the blocks leave as snapshots a last time, if there is anything new
 * </pre>
 *
 * <p>The main output goes to one weight return in each process, by address. Both outputs refer to
 * live arrays: they must cross a network edge or be copied, as Flink does unless object reuse is
 * on.
 *
 * <p>On the hashmap backend the live arrays are the state's values; on others {@link BlockStore}
 * keeps them in memory and writes them for each checkpoint.
 */
public final class ServerOperator extends AbstractStreamOperator<Delivery>
    implements OneInputStreamOperator<Message, Delivery> {

  private static final long serialVersionUID = 1L;

  /** The side output for publishing. */
  public static final OutputTag<BlockSnapshot> SNAPSHOTS =
      new OutputTag<>("block-snapshots", ServerTypes.BLOCK_SNAPSHOT);

  // configuration
  private final ServerPlan plan;

  // runtime
  private transient BlockKeys keys;
  private transient Optimizer optimizer;
  private transient ParameterServer server;
  private transient BlockStore blocks;
  private transient ServerIdentity identity;
  private transient List<Integer> owned;
  private transient Recipients recipients;
  private transient GradientParts parts;
  private transient @Nullable ServerMetrics reported;

  /** An operator that has opened nothing yet. */
  @SuppressWarnings("NullAway.Init") // what open() and initializeState() fill
  public ServerOperator(ServerPlan plan) {
    this.plan = plan;
  }

  @Override
  public void initializeState(StateInitializationContext context) throws Exception {
    super.initializeState(context);
    ClassLoader userClasses = getUserCodeClassloader();
    TaskInfo task = getRuntimeContext().getTaskInfo();
    int maxParallelism = task.getMaxNumberOfParallelSubtasks();
    if (maxParallelism != plan.maxParallelism()) {
      throw new IllegalStateException(
          "the parameter server runs with maximum parallelism %d, but its keys were made for %d:"
                  .formatted(maxParallelism, plan.maxParallelism())
              + " set the operator's maximum parallelism to the plan's");
    }
    keys = plan.keys();
    owned =
        keys.blocks(
            KeyGroupRangeAssignment.computeKeyGroupRangeForOperatorIndex(
                maxParallelism, task.getNumberOfParallelSubtasks(), task.getIndexOfThisSubtask()));
    optimizer = plan.model().optimizer(userClasses);
    server =
        new ParameterServer(
            optimizer,
            plan.consistency(),
            plan.model().meanLoss(userClasses),
            plan.stopAfter(),
            plan.clipsRounds());
    ValueState<Block> state =
        context
            .getKeyedStateStore()
            .getState(new ValueStateDescriptor<>("block", ServerTypes.BLOCK));
    blocks = new BlockStore(state, index -> setCurrentKey(keys.key(index)));
    identity = new ServerIdentity(context.getOperatorStateStore());
    if (context.isRestored()) {
      restore(
          identity.joined(plan, optimizer),
          identity.isOfAnotherRun(plan),
          identity.measuredOtherMetrics(plan));
    } else {
      initialize(plan.model().initialValues(userClasses));
    }
  }

  private void initialize(float[] initial) throws Exception {
    BlockLayout layout = plan.layout();
    if (initial.length != layout.size()) {
      throw new IllegalStateException(
          "the model has %d parameters here, but the job was laid out for %s: the task manager and"
                  .formatted(initial.length, layout)
              + " the client see different versions of the model's class");
    }
    for (int index : owned) {
      Block block = server.fresh(layout.block(index), initial, plan.virtualWorkers().size());
      block.countFrom(plan.model().initialRound(), plan.model().initialRecords());
      blocks.put(index, block);
    }
  }

  private void restore(List<Integer> joined, boolean isNewRun, boolean otherMetrics)
      throws Exception {
    for (int index : owned) {
      Block block = fetch(index);
      if (otherMetrics) {
        block.forgetMetrics();
      }
      if (isNewRun) {
        server.goOn(block); // before anyone joins: only then are all blocks in one round
      }
      for (int virtualWorker : joined) {
        server.accept(block, new Join(index, virtualWorker, 0));
      }
      blocks.put(index, block);
    }
  }

  @Override
  public void open() throws Exception {
    super.open();
    if (!owned.isEmpty()) {
      Block first = fetch(owned.get(0));
      ServerMemory.check(
          plan, owned, first.slotCount(), blocks.copies(), Runtime.getRuntime().maxMemory());
      reported = new ServerMetrics(getMetricGroup(), plan.metrics(), first);
    }
    recipients = new Recipients();
    parts = new GradientParts();
  }

  @Override
  public void processElement(StreamRecord<Message> element) throws Exception {
    Message message = element.getValue();
    if (message instanceof Part part) {
      parts.take(part);
      return;
    }
    Block block = fetch(message.block());
    if (message instanceof Hello hello) {
      if (recipients.greet(hello)) {
        emit(hello.subtask(), block.weights());
        if (server.waits(block)) {
          emit(hello.subtask(), server.roundSum(block));
        }
      }
      return;
    }
    try {
      take(block, message instanceof Contribution last ? parts.join(last) : message);
    } catch (NonFiniteException e) {
      throw new SuppressRestartsException(e); // a restart would meet the same numbers again
    }
  }

  private void take(Block block, Message message) throws Exception {
    boolean waited = server.waits(block);
    Optional<Weights> weights =
        message instanceof Turn turn
            ? server.accept(block, turn)
            : server.accept(block, (Scale) message);
    blocks.changed(block.range().index(), block);
    if (weights.isPresent()) {
      emit(weights.get());
      if (reported != null && block.range().index() == owned.get(0)) {
        reported.update(block);
      }
    }
    if (!waited && server.waits(block)) {
      emit(server.roundSum(block));
    }
  }

  private void emit(Reply reply) {
    recipients.subtasks().forEach(subtask -> emit(subtask, reply));
  }

  private void emit(int subtask, Reply reply) {
    if (reply instanceof Weights weights) {
      WeightParts.cut(weights, plan.layout().chunkFloats(), piece -> send(subtask, piece));
    } else {
      send(subtask, reply);
    }
  }

  private void send(int subtask, Reply reply) {
    output.collect(new StreamRecord<>(new Delivery(subtask, reply)));
  }

  @Override
  public void prepareSnapshotPreBarrier(long checkpointId) throws Exception {
    super.prepareSnapshotPreBarrier(checkpointId);
    for (int index : owned) {
      Block block = fetch(index);
      if (block.isStopped()) {
        emit(Stopped.of(block, checkpointId));
        return; // its weights are not known to be good
      }
    }
    publish(checkpointId, plan.publishEveryRounds());
  }

  @Override
  public void finish() throws Exception {
    super.finish();
    parts.requireNone("the job ends");
    publish(BlockSnapshot.LAST, 1);
  }

  /**
   * Sends every block's snapshot if a multiple of so many rounds has been passed since the last
   * time, those that closed empty not counted. Multiples, because shards must decide alike again
   * after a checkpoint that was given up when only some of them had sent theirs (R18).
   */
  private void publish(long checkpointId, long rounds) throws Exception {
    for (int index : owned) {
      Block block = fetch(index);
      if (block.trainedRounds() / rounds > block.published() / rounds) {
        BlockSnapshot.of(block, checkpointId)
            .cut(
                plan.layout().chunkFloats(),
                piece -> output.collect(SNAPSHOTS, new StreamRecord<>(piece)));
        block.markPublished();
        blocks.changed(index, block);
      }
    }
  }

  @Override
  public void snapshotState(StateSnapshotContext context) throws Exception {
    parts.requireNone("a checkpoint is taken");
    super.snapshotState(context); // Flink takes its snapshot of the keyed state after this
    blocks.write();
    identity.store(plan, optimizer, getRuntimeContext().getTaskInfo().getIndexOfThisSubtask());
  }

  private Block fetch(int index) throws Exception {
    Block block = blocks.get(index);
    if (block == null) {
      throw new IllegalStateException(
          "the restored state has no block " + index + " of " + plan.layout());
    }
    return block;
  }
}
