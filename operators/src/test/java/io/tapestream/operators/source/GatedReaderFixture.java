package io.tapestream.operators.source;

import static org.apache.flink.core.io.InputStatus.MORE_AVAILABLE;
import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.operators.SourcePolicies;
import io.tapestream.operators.VirtualWorkers;
import io.tapestream.operators.metrics.CapturedMetrics;
import io.tapestream.operators.weights.WeightReplica;
import io.tapestream.parameterserver.BlockLayout;
import io.tapestream.parameterserver.Weights;
import io.tapestream.parameterserver.consistency.Consistency;
import io.tapestream.parameterserver.consistency.Synchronous;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.core.io.InputStatus;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A gated reader between a Kafka, weights, a clock and a committer that are made up. */
abstract class GatedReaderFixture {

  static final TopicPartition A = new TopicPartition("clicks", 0);
  static final TopicPartition B = new TopicPartition("clicks", 1);
  static final int BATCH = 2;

  final FakeKafkaReader kafka = new FakeKafkaReader();
  WeightReplica replica = new WeightReplica(BlockLayout.ofElements(2, 2, 1), new Synchronous());
  final List<Map<TopicPartition, Long>> commits = new ArrayList<>();
  private final OffsetCommitter committer =
      new OffsetCommitter() {
        @Override
        public void commit(Map<TopicPartition, Long> nextOffsets) {
          commits.add(nextOffsets);
        }

        @Override
        public void close() {}
      };
  final List<SourceEvent> told = new ArrayList<>(); // the enumerator
  CapturedMetrics metrics = new CapturedMetrics();
  final Emitted emitted = new Emitted();
  final List<Long> alarms = new ArrayList<>(); // times at which they were set to ring
  final FakeBroker broker = new FakeBroker();
  Runnable bell = () -> {};
  long nanos;
  private boolean closed;
  GatedReader reader;

  @BeforeEach
  void open() {
    open(SourcePolicies.DEFAULT);
  }

  private void open(SourcePolicies policies) {
    reader =
        new GatedReader(
            kafka,
            VirtualWorkers.of(List.of(A, B), Map.of("clicks", "id")),
            BATCH,
            value -> 1,
            replica,
            policies,
            new HeldOffsets(() -> broker, policies.acceptLost()),
            committer,
            told::add,
            () -> closed = true,
            () -> nanos,
            this::alarm,
            new ReaderTimes(metrics, () -> nanos));
    reader.start();
  }

  @AfterEach
  void close() throws Exception {
    reader.close();
    assertThat(closed).isTrue();
  }

  static SourcePolicies lingering(long nanos) {
    return new SourcePolicies(null, null, Duration.ofNanos(nanos), null, false, false);
  }

  static SourcePolicies skipAfter(long nanos) {
    return new SourcePolicies(null, Duration.ofNanos(nanos), null, null, false, false);
  }

  void reopen(SourcePolicies policies) throws Exception {
    reopen(policies, new Synchronous());
  }

  void reopen(SourcePolicies policies, Consistency consistency) throws Exception {
    reader.close();
    replica = new WeightReplica(BlockLayout.ofElements(2, 2, 1), consistency);
    metrics = new CapturedMetrics();
    open(policies);
  }

  private Alarm alarm(Runnable rings) {
    bell = rings;
    return new Alarm() {
      @Override
      public void set(long wait) {
        alarms.add(nanos + wait);
      }

      @Override
      public void close() {}
    };
  }

  /** {@code round} rounds are complete and hold so many batches of A and B. */
  void weights(long round, long a, long b) {
    weights(round, a, b, round);
  }

  void weights(long round, long a, long b, long busyRounds) {
    for (int block = 0; block < 2; block++) {
      long[] applied = {a, b};
      long[] rounds = {round, round};
      replica.receive(new Weights(block, round, applied, rounds, busyRounds, new float[1]));
    }
  }

  static GatedSplit unbounded(TopicPartition partition) {
    return GatedSplit.starting(partition, 0, GatedSplit.UNBOUNDED);
  }

  void give(GatedSplit... splits) {
    reader.addSplits(List.of(splits));
  }

  /** Both blocks hold {@code round} rounds, and so do both virtual workers. */
  void weights(long round) {
    for (int block = 0; block < 2; block++) {
      long[] rounds = {round, round};
      replica.receive(new Weights(block, round, rounds, rounds, new float[1]));
    }
  }

  /** Polls as Flink does: while there is more. */
  InputStatus poll() throws Exception {
    InputStatus status;
    do {
      status = reader.pollNext(emitted);
    } while (status == MORE_AVAILABLE);
    return status;
  }
}
