package io.tapestream.operators.publish;

import io.tapestream.operators.metrics.Measure;
import java.time.Clock;
import java.util.Optional;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.connector.sink2.CommittableMessage;
import org.apache.flink.streaming.api.connector.sink2.CommittableSummary;
import org.apache.flink.streaming.api.connector.sink2.CommittableWithLineage;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * Runs the {@link VersionAssembler} between the writers and the committer, once in a job.
 *
 * <p>All shards of a cut come before the barrier of their checkpoint, so their version leaves
 * before it too. It leaves under the highest checkpoint id that its shards came with, and under one
 * that is higher than that of every barrier that has passed. The two differ at the end of the
 * input, where Flink numbers on from the last barrier that the writer saw: writers may have seen
 * different ones when a checkpoint was given up, and a writer that was restarted has seen none,
 * since it has no state and so isn't told what it was restored from. The last barrier is the only
 * state here.
 */
final class VersionAssemblerOperator
    extends AbstractStreamOperator<CommittableMessage<PendingVersion>>
    implements OneInputStreamOperator<
        CommittableMessage<StagedShard>, CommittableMessage<PendingVersion>> {
  private static final long serialVersionUID = 1L;

  // configuration
  private final PublishingPlan plan;

  // runtime
  private transient VersionAssembler assembler;
  private transient ListState<Long> passed;
  private transient long lastBarrier;

  @SuppressWarnings("NullAway.Init") // set in initializeState() and open(), before any element
  VersionAssemblerOperator(PublishingPlan plan) {
    this.plan = plan;
  }

  @Override
  public void initializeState(StateInitializationContext context) throws Exception {
    super.initializeState(context);
    passed =
        context
            .getOperatorStateStore()
            .getListState(new ListStateDescriptor<>("last-barrier", LongSerializer.INSTANCE));
    for (long barrier : passed.get()) {
      lastBarrier = Math.max(lastBarrier, barrier);
    }
  }

  @Override
  public void open() throws Exception {
    super.open();
    assembler =
        new VersionAssembler(
            plan,
            getRuntimeContext().getJobInfo().getJobId().toString(),
            Clock.systemUTC(),
            Measure.UNWRITTEN_VERSIONS.counter(getMetricGroup()),
            getUserCodeClassloader());
  }

  @Override
  public void processElement(StreamRecord<CommittableMessage<StagedShard>> element)
      throws Exception {
    if (element.getValue() instanceof CommittableWithLineage<StagedShard> shard) {
      long cut = Math.max(shard.getCheckpointId(), lastBarrier + 1);
      Optional<PendingVersion> version = assembler.add(shard.getCommittable(), cut);
      if (version.isPresent()) {
        long checkpoint = version.get().draft().checkpoint();
        output.collect(new StreamRecord<>(new CommittableSummary<>(0, 1, checkpoint, 1, 0)));
        output.collect(
            new StreamRecord<>(new CommittableWithLineage<>(version.get(), checkpoint, 0)));
      }
    } // a summary tells how many shards to expect of one writer; the assembler counts parameters
    // instead
  }

  @Override
  public void snapshotState(StateSnapshotContext context) throws Exception {
    super.snapshotState(context);
    lastBarrier = context.getCheckpointId();
    passed.clear();
    passed.add(lastBarrier);
  }
}
