package io.tapestream.stories;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.jobs.embedded.EmbeddedFlink;
import io.tapestream.operators.InputSettings;
import io.tapestream.operators.KafkaSettings;
import io.tapestream.operators.ModelSettings;
import io.tapestream.operators.OffsetPolicy;
import io.tapestream.operators.PublishSettings;
import io.tapestream.operators.RecordFormat;
import io.tapestream.operators.ServerSettings;
import io.tapestream.operators.SourceSettings;
import io.tapestream.operators.TrainingSettings;
import io.tapestream.operators.VirtualWorkers;
import io.tapestream.operators.source.GatedKafkaSource;
import io.tapestream.operators.source.KafkaTopics;
import io.tapestream.operators.source.MiniBatch;
import io.tapestream.operators.source.RawRecord;
import io.tapestream.operators.source.Turn;
import io.tapestream.operators.weights.WeightExchange;
import io.tapestream.operators.weights.WeightReplica;
import io.tapestream.parameterserver.BlockLayout;
import io.tapestream.parameterserver.Weights;
import io.tapestream.parameterserver.consistency.Synchronous;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.stream.IntStream;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The gated source on a real broker and a real Flink, with a stand-in for the parameter server. */
@Timeout(180)
class GatedSourceTest {

  private static final int BATCH = 16;

  @RegisterExtension static final Broker BROKER = new Broker();

  private static EmbeddedFlink flink;

  @BeforeAll
  static void start() {
    flink = EmbeddedFlink.start(2, 2);
  }

  @AfterAll
  static void stop() {
    flink.close();
  }

  @Test
  void i1BatchesAreCutAlikeWithGapsFailuresAndAnyParallelism() throws Exception {
    BROKER.kafka().createTopic("clicks", 4);
    Map<Integer, List<Long>> sent = sendWithAbortedTransactions("clicks", 4, 300);

    for (int parallelism : new int[] {1, 2, 4}) {
      Map<String, List<Long>> batches = run(settings("clicks"), parallelism, 23);

      Map<Integer, List<Long>> read = new TreeMap<>();
      batches.forEach(
          (batch, offsets) -> {
            String[] name = batch.split(" ", -1);
            assertThat(Long.parseLong(name[1]))
                .as("batches follow each other")
                .isEqualTo(read.getOrDefault(Integer.parseInt(name[0]), List.of()).size() / BATCH);
            assertThat(offsets).hasSizeLessThanOrEqualTo(BATCH);
            read.computeIfAbsent(Integer.parseInt(name[0]), p -> new ArrayList<>()).addAll(offsets);
          });
      assertThat(read).isEqualTo(sent);
    }
    assertThat(committed("learners", "clicks", 4))
        .as("what was learned is committed")
        .isEqualTo(ends("clicks"));
  }

  @Test
  void r6AnOffsetThatIsGoneNamesThePartitionAndTheGap() throws Exception {
    BROKER.kafka().createTopic("short", 1);
    send("short", 0, 40);
    TopicPartition partition = new TopicPartition("short", 0);
    try (Admin admin = admin()) {
      admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(25))).all().get();
    }
    TrainingSettings settings =
        settings("short", new OffsetPolicy.Explicit(Map.of(partition, 10L)));

    assertThatThrownBy(() -> run(settings, 1, Integer.MAX_VALUE))
        .rootCause()
        .hasMessageContaining("partition short-0 can't be read from offset 10")
        .hasMessageContaining("holds offsets 25 up to 40")
        .hasMessageContaining("offsets 10..24 were removed");
  }

  @Test
  void r6ACompactedTopicIsRefused() {
    BROKER.kafka().createTopic("compacted", 1, Map.of("cleanup.policy", "compact"));

    assertThatThrownBy(() -> table("compacted"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("topic compacted is compacted");
  }

  @Test
  void r6ATopicThatWasCreatedAnewIsRefused() throws Exception {
    BROKER.kafka().createTopic("reborn", 1);
    TrainingSettings before = settings("reborn");
    try (Admin admin = admin()) {
      admin.deleteTopics(List.of("reborn")).all().get();
      while (admin.listTopics().names().get().contains("reborn")) {
        Thread.onSpinWait();
      }
    }
    BROKER.kafka().createTopic("reborn", 1);

    assertThatThrownBy(() -> run(before, 1, Integer.MAX_VALUE))
        .rootCause()
        .hasMessageContaining("topic reborn has id")
        .hasMessageContaining("deleted and created anew");
  }

  @Test
  void r4PartitionsWithoutRecordsLeaveToo() throws Exception {
    BROKER.kafka().createTopic("sparse", 3);
    send("sparse", 1, 20);

    Map<String, List<Long>> batches = run(settings("sparse"), 2, Integer.MAX_VALUE);

    assertThat(batches).containsOnlyKeys("1 000000", "1 000001");
    assertThat(batches.get("1 000001")).containsExactly(16L, 17L, 18L, 19L);
  }

  /**
   * The fetch that ends a partition takes it from the consumer, and brings more batches than may
   * wait: then the reader asks to pause a partition that is assigned no more, while another is
   * still fetched.
   */
  @Test
  void r7APartitionThatIsFullAtItsEndIsNotPausedAnyMore() throws Exception {
    BROKER.kafka().createTopic("ending", 2);
    send("ending", 0, 20 * BATCH);
    send("ending", 1, 400 * BATCH);

    Map<String, List<Long>> batches = run(settings("ending"), 1, Integer.MAX_VALUE);

    assertThat(batches).hasSize(20 + 400);
    assertThat(batches.values()).allSatisfy(offsets -> assertThat(offsets).hasSize(BATCH));
  }

  @Test
  void r3APartitionThatIsAddedLaterIsNotReadByARunningTable() throws Exception {
    BROKER.kafka().createTopic("growing", 1);
    send("growing", 0, 5);
    TrainingSettings before = settings("growing");
    try (Admin admin = admin()) {
      admin.createPartitions(Map.of("growing", NewPartitions.increaseTo(2))).all().get();
    }
    send("growing", 1, 5);

    assertThat(run(before, 1, Integer.MAX_VALUE)).containsOnlyKeys("0 000000");
    assertThat(table("growing").size()).isEqualTo(2);
  }

  // ---- the job

  private static TrainingSettings settings(String topic) throws IOException {
    return settings(topic, new OffsetPolicy.Earliest());
  }

  private static TrainingSettings settings(String topic, OffsetPolicy starting) throws IOException {
    return new TrainingSettings(
        new ModelSettings("none", "{}", "{}", "{}", List.of(), 1, 1, 1),
        new InputSettings(RecordFormat.AVRO, List.of("x"), List.of(1), 0),
        new SourceSettings(
            new KafkaSettings(BROKER.kafka().bootstrapServers(), Map.of()),
            table(topic),
            BATCH,
            starting,
            new OffsetPolicy.Latest(),
            "learners"),
        new ServerSettings(new Synchronous(), BlockLayout.ofElements(1, 1, 1)),
        new PublishSettings("unused", "run", 1, List.of(), null),
        null);
  }

  private static VirtualWorkers table(String topic) throws IOException {
    try (KafkaTopics topics =
        KafkaTopics.of(new KafkaSettings(BROKER.kafka().bootstrapServers(), Map.of()))) {
      return topics.virtualWorkers(List.of(topic));
    }
  }

  /** The last that was emitted as each batch: {@code "partition batch"} → its offsets. */
  private static Map<String, List<Long>> run(TrainingSettings settings, int parallelism, int failAt)
      throws Exception {
    Server.reset(settings.source().virtualWorkers().size(), failAt);
    Configuration configuration = new Configuration();
    configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
    configuration.set(
        RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS,
        failAt == Integer.MAX_VALUE ? 0 : 3);
    configuration.set(
        RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ofMillis(10));
    StreamExecutionEnvironment env =
        StreamExecutionEnvironment.getExecutionEnvironment(configuration);
    env.setParallelism(parallelism);
    env.enableCheckpointing(50);
    env.fromSource(new GatedKafkaSource(settings), WatermarkStrategy.noWatermarks(), "gated source")
        .map(new Server(settings.source().virtualWorkers().size()))
        .sinkTo(new DiscardingSink<>());
    JobClient job = flink.submit(env, "gated source", List.of());
    EmbeddedFlink.await(job);
    return new TreeMap<>(Server.BATCHES);
  }

  /**
   * Stands for the parameter server: some time after a batch has come, it hands weights that hold
   * this batch back to its process. It fails once, in the middle, and remembers what it holds.
   */
  private static final class Server extends RichMapFunction<Turn, Long> {

    private static final long serialVersionUID = 1L;

    static final Map<String, List<Long>> BATCHES = new ConcurrentSkipListMap<>();
    static final AtomicLong ROUNDS = new AtomicLong();
    static final AtomicInteger UNTIL_FAILURE = new AtomicInteger();
    static volatile AtomicLongArray applied = new AtomicLongArray(0);

    private final int virtualWorkers;
    private transient WeightExchange.Key key;
    private transient WeightReplica replica;
    private transient ScheduledExecutorService returning;

    Server(int virtualWorkers) {
      this.virtualWorkers = virtualWorkers;
    }

    static void reset(int virtualWorkers, int failAt) {
      BATCHES.clear();
      applied = new AtomicLongArray(virtualWorkers);
      UNTIL_FAILURE.set(failAt);
    }

    @Override
    public void open(OpenContext context) {
      key = WeightExchange.Key.of(getRuntimeContext().getMetricGroup().getAllVariables());
      replica =
          WeightExchange.meet(
              key,
              getRuntimeContext().getTaskInfo().getNumberOfParallelSubtasks(),
              () -> {
                throw new IllegalStateException("the source opens first");
              });
      returning = Executors.newSingleThreadScheduledExecutor();
      giveBack();
    }

    @Override
    public Long map(Turn turn) {
      if (turn instanceof MiniBatch batch && !batch.isEmpty()) {
        BATCHES.put(
            "%d %06d".formatted(batch.partition().partition(), batch.index()),
            batch.records().stream().map(RawRecord::offset).toList());
        applied.accumulateAndGet(batch.virtualWorker(), batch.index() + 1, Math::max);
      }
      if (UNTIL_FAILURE.decrementAndGet() == 0) {
        throw new IllegalStateException("on purpose");
      }
      giveBack();
      return turn.index();
    }

    private void giveBack() {
      var unused = returning.schedule(this::deliver, 1, TimeUnit.MILLISECONDS);
    }

    /** All subtasks of the process share the replica, so they count rounds together. */
    private void deliver() {
      synchronized (ROUNDS) {
        long[] held = IntStream.range(0, virtualWorkers).mapToLong(applied::get).toArray();
        // The next batch of every virtual worker counts in the round that is open.
        long round = ROUNDS.getAndIncrement();
        long[] rounds = new long[held.length];
        Arrays.fill(rounds, round);
        replica.receive(new Weights(0, round, held, rounds, new float[1]));
      }
    }

    @Override
    public void close() throws Exception {
      if (returning != null) {
        returning.shutdownNow();
        WeightExchange.leave(key, replica);
      }
    }
  }

  // ---- the topic

  private static Map<Integer, List<Long>> sendWithAbortedTransactions(
      String topic, int partitions, int records) throws Exception {
    Properties properties = producerProperties();
    properties.put("transactional.id", "feeder");
    Map<Integer, List<Long>> committed = new TreeMap<>();
    try (var producer =
        new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
      producer.initTransactions();
      for (int from = 0; from < records; from += 10) {
        producer.beginTransaction();
        boolean abort = from % 70 == 20;
        for (int partition = 0; partition < partitions; partition++) {
          for (int i = from; i < from + 10 - partition; i++) {
            var record = new ProducerRecord<byte[], byte[]>(topic, partition, null, new byte[] {7});
            var sent = producer.send(record);
            producer.flush();
            if (!abort) {
              committed.computeIfAbsent(partition, p -> new ArrayList<>()).add(sent.get().offset());
            }
          }
        }
        if (abort) {
          producer.abortTransaction();
        } else {
          producer.commitTransaction();
        }
      }
    }
    return committed;
  }

  private static void send(String topic, int partition, int records) {
    try (var producer =
        new KafkaProducer<>(
            producerProperties(), new ByteArraySerializer(), new ByteArraySerializer())) {
      for (int i = 0; i < records; i++) {
        var unused = producer.send(new ProducerRecord<>(topic, partition, null, new byte[] {7}));
      }
    }
  }

  private static Properties producerProperties() {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", BROKER.kafka().bootstrapServers());
    return properties;
  }

  private static Admin admin() {
    return Admin.create(Map.of("bootstrap.servers", BROKER.kafka().bootstrapServers()));
  }

  private static Map<Integer, Long> committed(String group, String topic, int partitions)
      throws Exception {
    try (Admin admin = admin()) {
      Map<TopicPartition, OffsetAndMetadata> offsets =
          admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
      Map<Integer, Long> committed = new HashMap<>();
      offsets.forEach(
          (p, o) -> {
            if (p.topic().equals(topic)) {
              committed.put(p.partition(), o.offset());
            }
          });
      assertThat(committed).hasSize(partitions);
      return committed;
    }
  }

  private static Map<Integer, Long> ends(String topic) throws Exception {
    try (Admin admin = admin()) {
      Map<Integer, Long> ends = new HashMap<>();
      for (TopicPartition p : table(topic).partitions()) {
        var latest = Map.of(p, OffsetSpec.latest());
        ends.put(p.partition(), admin.listOffsets(latest).partitionResult(p).get().offset());
      }
      return ends;
    }
  }
}
