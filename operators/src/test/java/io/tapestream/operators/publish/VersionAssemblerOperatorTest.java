package io.tapestream.operators.publish;

import static io.tapestream.operators.publish.Staging.stage;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.api.connector.sink2.CommittableMessage;
import org.apache.flink.streaming.api.connector.sink2.CommittableWithLineage;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SuppressWarnings("try") // the harness says that close() may throw InterruptedException
class VersionAssemblerOperatorTest {
  @TempDir Path directory;

  private OneInputStreamOperatorTestHarness<
          CommittableMessage<StagedShard>, CommittableMessage<PendingVersion>>
      harness(PublishingPlan plan) throws Exception {
    return new OneInputStreamOperatorTestHarness<>(new VersionAssemblerOperator(plan), 1, 1, 0);
  }

  private static List<Long> checkpoints(
      OneInputStreamOperatorTestHarness<?, CommittableMessage<PendingVersion>> harness) {
    return harness.extractOutputValues().stream()
        .filter(CommittableWithLineage.class::isInstance)
        .map(CommittableMessage::getCheckpointId)
        .toList();
  }

  @Test
  void aVersionLeavesUnderTheCheckpointOfItsShards() throws Exception {
    PublishingPlan plan = TestPlan.plan(directory);
    try (var harness = harness(plan)) {
      harness.open();
      harness.processElement(new CommittableWithLineage<>(stage(plan, 4, 10, 2, 0), 4, 0), 0);
      harness.processElement(new CommittableWithLineage<>(stage(plan, 4, 10, 1), 4, 1), 0);

      assertThat(checkpoints(harness)).containsExactly(4L);
    }
  }

  /** Writers have no state, so after a restart they number on from nothing (R17). */
  @Test
  void r17TheLastVersionAfterARestartNeverTakesTheIdentityOfAnEarlierOne() throws Exception {
    PublishingPlan plan = TestPlan.plan(directory);
    OperatorSubtaskState checkpoint;
    try (var harness = harness(plan)) {
      harness.open();
      checkpoint = harness.snapshot(7, 0);
    }
    try (var harness = harness(plan)) {
      harness.initializeState(checkpoint);
      harness.open();
      harness.processElement(new CommittableWithLineage<>(stage(plan, 1, 10, 2, 0), 1, 0), 0);
      harness.processElement(new CommittableWithLineage<>(stage(plan, 1, 10, 1), 1, 1), 0);

      assertThat(checkpoints(harness)).containsExactly(8L);
    }
  }
}
