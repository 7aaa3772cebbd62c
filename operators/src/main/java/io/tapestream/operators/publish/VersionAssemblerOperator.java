package io.tapestream.operators.publish;

import java.time.Clock;
import java.util.Optional;
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
 * before it too, and nothing is state. It leaves under the highest checkpoint id that its shards
 * came with: Flink numbers what a writer sends at the end of its input on from the last barrier
 * that this writer saw, which may differ between writers when a checkpoint was given up.
 */
final class VersionAssemblerOperator
    extends AbstractStreamOperator<CommittableMessage<PendingVersion>>
    implements OneInputStreamOperator<
        CommittableMessage<StagedShard>, CommittableMessage<PendingVersion>> {
  private static final long serialVersionUID = 1L;

  private final PublishingPlan plan;

  @SuppressWarnings("NullAway.Init") // set in open(), before any element
  private transient VersionAssembler assembler;

  VersionAssemblerOperator(PublishingPlan plan) {
    this.plan = plan;
  }

  @Override
  public void open() throws Exception {
    super.open();
    assembler =
        new VersionAssembler(
            plan, getRuntimeContext().getJobInfo().getJobId().toString(), Clock.systemUTC());
  }

  @Override
  public void processElement(StreamRecord<CommittableMessage<StagedShard>> element)
      throws Exception {
    if (element.getValue() instanceof CommittableWithLineage<StagedShard> shard) {
      Optional<PendingVersion> version =
          assembler.add(shard.getCommittable(), shard.getCheckpointId());
      if (version.isPresent()) {
        long checkpoint = version.get().draft().checkpoint();
        output.collect(new StreamRecord<>(new CommittableSummary<>(0, 1, checkpoint, 1, 0)));
        output.collect(
            new StreamRecord<>(new CommittableWithLineage<>(version.get(), checkpoint, 0)));
      }
    } // a summary tells how many shards to expect of one writer; the assembler counts parameters
    // instead
  }
}
