package io.tapestream.operators.publish;

import java.io.IOException;
import java.time.Clock;
import java.util.Optional;
import org.apache.flink.api.connector.sink2.Committer.CommitRequest;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.metrics.SimpleCounter;

/** Writers and assembler driven by hand, as Flink drives them. */
final class Staging {
  private static final SinkWriter.Context NO_CONTEXT =
      new SinkWriter.Context() {
        @Override
        public long currentWatermark() {
          return Long.MIN_VALUE;
        }

        @Override
        public Long timestamp() {
          return null;
        }
      };

  private Staging() {}

  /** What one shard stages of the given blocks. */
  static StagedShard stage(PublishingPlan plan, long cut, long round, int... blocks)
      throws IOException {
    try (ShardWriter writer = new ShardWriter(plan, new SimpleCounter())) {
      for (int block : blocks) {
        write(writer, cut, round, block);
      }
      return writer.prepareCommit().iterator().next();
    }
  }

  static void write(ShardWriter writer, long cut, long round, int block) throws IOException {
    writer.write(TestPlan.block(block, cut, round), NO_CONTEXT);
  }

  static void write(ShardWriter writer, long cut, long round, int block, float[] values)
      throws IOException {
    writer.write(TestPlan.block(block, cut, round, values), NO_CONTEXT);
  }

  /** The pending version that two shards make of the cut of a checkpoint. */
  static PendingVersion pend(PublishingPlan plan, long checkpoint, long round) throws IOException {
    VersionAssembler assembler =
        new VersionAssembler(
            plan, "job", Clock.systemUTC(), new SimpleCounter(), Staging.class.getClassLoader());
    assembler.add(stage(plan, checkpoint, round, 2, 0), checkpoint);
    Optional<PendingVersion> version = assembler.add(stage(plan, checkpoint, round, 1), checkpoint);
    return version.orElseThrow();
  }

  /** A request that remembers its outcome. */
  static final class Request implements CommitRequest<PendingVersion> {
    private final PendingVersion version;
    String outcome = "committed";

    Request(PendingVersion version) {
      this.version = version;
    }

    @Override
    public PendingVersion getCommittable() {
      return version;
    }

    @Override
    public int getNumberOfRetries() {
      return 0;
    }

    @Override
    public void signalFailedWithKnownReason(Throwable reason) {
      outcome = "failed: " + reason.getMessage();
    }

    @Override
    public void signalFailedWithUnknownReason(Throwable reason) {
      outcome = "failed: " + reason.getMessage();
    }

    @Override
    public void retryLater() {
      outcome = "retried";
    }

    @Override
    public void updateAndRetryLater(PendingVersion updated) {
      outcome = "retried";
    }

    @Override
    public void signalAlreadyCommitted() {
      outcome = "already committed";
    }
  }
}
