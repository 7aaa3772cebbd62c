package io.tapestream.stories;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.tapestream.benchmarks.chaos.Workload;
import io.tapestream.jobs.JobRuntime;
import io.tapestream.jobs.Submission;
import io.tapestream.jobs.TrainingJob;
import io.tapestream.jobs.embedded.EmbeddedFlink;
import io.tapestream.jobs.spec.JobSpec;
import io.tapestream.operators.TrainingSettings;
import io.tapestream.operators.deadletters.DeadLetterRecord;
import io.tapestream.operators.publish.Retention;
import io.tapestream.operators.publish.VersionSink;
import io.tapestream.operators.source.GatedKafkaSource;
import io.tapestream.operators.weights.WeightExchange;
import io.tapestream.operators.weights.WeightReplica;
import io.tapestream.parameterserver.BlockLayout;
import io.tapestream.parameterserver.BlockRange;
import io.tapestream.parameterserver.Weights;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.NavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The way on which weights return is delayed across a restore: an abandoned attempt's weights still
 * come while the next attempt learns.
 */
class LateWeightsStoryTest {
  private static final int PARTITIONS = 4;
  private static final int TRAINERS = 2;
  private static final int BATCH = 4;
  private static final int ROUNDS = 60;
  private static final int RECORDS = PARTITIONS * BATCH * ROUNDS;

  @RegisterExtension static final Broker BROKER = new Broker();

  /** What the trainers of each attempt have in common with its weight returns. */
  private static final NavigableMap<Integer, WeightExchange.Key> ATTEMPTS =
      new ConcurrentSkipListMap<>();

  private static float[] lenet; // after a run in which nothing happens

  @TempDir Path directory;

  @BeforeAll
  static void learnInPeace(@TempDir Path undisturbed) throws Exception {
    Topic topic = BROKER.topic(PARTITIONS);
    topic.writeAvro(0, RECORDS, i -> Workload.LENET.example(i, RECORDS));
    lenet = story(Workload.LENET, topic, undisturbed).run();
  }

  @BeforeEach
  void forget() {
    ATTEMPTS.clear();
  }

  private static Story story(Workload workload, Topic topic, Path directory) {
    double rate = workload == Workload.LEDGER ? 1 : 0.01;
    return Story.of(topic, directory)
        .learning(workload, RECORDS)
        .with("optimizer", "{type: " + FaultySgd.class.getName() + ", learningRate: " + rate + "}")
        .with("batchSize", BATCH)
        .with("parallelism.trainers", TRAINERS)
        .with("parallelism.shards", 2);
  }

  @ParameterizedTest
  @CsvSource({"LEDGER, hashmap", "LEDGER, rocksdb", "LENET, hashmap", "LENET, rocksdb"})
  void weights_of_an_abandoned_attempt_that_come_after_the_restore_are_never_used_I8(
      Workload workload, String backend) throws Exception {
    Topic topic = BROKER.topic(PARTITIONS);
    topic.writeAvro(0, RECORDS / 2, i -> workload.example(i, RECORDS));
    Story story =
        story(workload, topic, directory)
            .with("source.stop", "offset " + RECORDS / PARTITIONS)
            .with("checkpoints.backend", backend);
    JobSpec spec = story.spec();
    Submission submission = Submission.of(spec, LateWeightsStoryTest.class.getClassLoader());
    try (EmbeddedFlink flink = EmbeddedFlink.start(1, TRAINERS)) {
      JobClient job = flink.submit(job(spec, submission), spec.name(), List.of());
      Story.until("what was written is published", () -> story.learned() == RECORDS / 2);

      try (LateReturn late = LateReturn.of(ATTEMPTS.get(0), submission.settings())) {
        Faults.arm(FaultySgd.PLACE, 50); // in the middle of a round
        topic.writeAvro(RECORDS / 2, RECORDS * 3 / 4, i -> workload.example(i, RECORDS));
        Story.until("the job restarts", () -> ATTEMPTS.containsKey(1));
        late.deliver();
        topic.writeAvro(RECORDS * 3 / 4, RECORDS, i -> workload.example(i, RECORDS));
        EmbeddedFlink.await(job);
        assertThat(late.delivered()).as("weights that came late").isPositive();
      }
    }

    assertThat(Faults.struck(FaultySgd.PLACE)).isTrue();
    assertThat(ATTEMPTS).hasSize(2);
    float[] weights = story.newestWeights();
    if (workload == Workload.LENET) {
      assertThat(weights).isEqualTo(lenet);
    }
    assertThat(workload.miscount(weights, RECORDS)).isEmpty();
  }

  /** The main job, which tells its attempts. */
  private static StreamExecutionEnvironment job(JobSpec spec, Submission submission) {
    StreamExecutionEnvironment env =
        StreamExecutionEnvironment.getExecutionEnvironment(JobRuntime.of(spec));
    TrainingSettings settings = submission.settings();
    JobSpec.Parallelism parallelism = spec.parallelism();
    TrainingJob.build(
        env,
        settings,
        new TrainingJob.Shape(
            List.of(), parallelism.trainers(), parallelism.shards(), parallelism.maximum()),
        new TrainingJob.Ends(
            new GatedKafkaSource(settings),
            VersionSink.of(
                settings,
                submission.model().parameters(),
                LateWeightsStoryTest.class.getClassLoader(),
                Retention.DEFAULT),
            new NoLetters()));
    return env;
  }

  /** Notes each attempt's key where trainers run; no record is rejected. */
  private static final class NoLetters implements Sink<DeadLetterRecord> {
    private static final long serialVersionUID = 1L;

    @Override
    public SinkWriter<DeadLetterRecord> createWriter(WriterInitContext context) {
      WeightExchange.Key key = WeightExchange.Key.of(context.metricGroup().getAllVariables());
      ATTEMPTS.put(key.attempt(), key);
      return new SinkWriter<>() {
        @Override
        public void write(DeadLetterRecord letter, Context unused) {
          throw new IllegalStateException("a record was rejected: " + letter);
        }

        @Override
        public void flush(boolean endOfInput) {}

        @Override
        public void close() {}
      };
    }
  }

  /**
   * What an attempt leaves behind on its way to its trainers: weights of the last round that are
   * far from any that were learned.
   */
  private static final class LateReturn implements AutoCloseable {
    private final WeightExchange.Key key;
    private final BlockLayout layout;
    private final WeightReplica replica;
    private final AtomicLong delivered = new AtomicLong();
    private final CountDownLatch end = new CountDownLatch(1);
    private final Thread thread = new Thread(this::run, "late weights");

    private LateReturn(WeightExchange.Key key, BlockLayout layout) {
      this.key = key;
      this.layout = layout;
      this.replica =
          WeightExchange.meet(key, TRAINERS, () -> fail("a running attempt has its replica"));
    }

    static LateReturn of(WeightExchange.Key key, TrainingSettings settings) {
      return new LateReturn(key, settings.server().layout());
    }

    void deliver() {
      thread.start();
    }

    long delivered() {
      return delivered.get();
    }

    private void run() {
      long[] all = new long[PARTITIONS];
      Arrays.fill(all, ROUNDS);
      try {
        do {
          for (BlockRange block : layout.blocks()) {
            float[] values = new float[block.length()];
            Arrays.fill(values, 1_000);
            replica.receive(new Weights(block.index(), ROUNDS, all, all, values));
          }
          delivered.incrementAndGet();
        } while (!end.await(1, TimeUnit.MILLISECONDS));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public void close() {
      end.countDown();
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      WeightExchange.leave(key, replica);
    }
  }
}
