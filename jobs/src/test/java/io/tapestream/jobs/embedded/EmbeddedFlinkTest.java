package io.tapestream.jobs.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.serialization.SimpleStringSchema;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class EmbeddedFlinkTest {
  private static final ConcurrentLinkedQueue<String> SEEN = new ConcurrentLinkedQueue<>();
  private static volatile CountDownLatch everyRecordSeen = new CountDownLatch(0);

  @Test
  void manySubtasksThatAllTalkToEachOtherFindNetworkBuffers() throws Exception {
    try (EmbeddedFlink flink = EmbeddedFlink.start(2, 7)) {
      StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
      env.setParallelism(14);
      env.fromSequence(1, 1_000)
          .rebalance()
          .map(number -> number + 1)
          .returns(Types.LONG)
          .rebalance()
          .sinkTo(new DiscardingSink<>());
      EmbeddedFlink.await(flink.submit(env, "all to all", List.of()));
    }
  }

  @Test
  void aJobOnTwoTaskManagersReadsTheEmbeddedBroker() throws Exception {
    SEEN.clear();
    everyRecordSeen = new CountDownLatch(10);
    try (EmbeddedKafka kafka = EmbeddedKafka.start();
        EmbeddedFlink flink = EmbeddedFlink.start(2, 1)) {
      kafka.createTopic("numbers", 2);
      List<String> expected = new ArrayList<>();
      try (KafkaProducer<byte[], byte[]> producer =
          new KafkaProducer<>(
              Map.of("bootstrap.servers", kafka.bootstrapServers(), "compression.type", "lz4"),
              new ByteArraySerializer(),
              new ByteArraySerializer())) {
        for (int i = 0; i < 10; i++) {
          byte[] value = String.valueOf(i).getBytes(StandardCharsets.UTF_8);
          producer.send(new ProducerRecord<>("numbers", i % 2, null, value)).get();
          expected.add(String.valueOf(i));
        }
      }
      StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
      env.setParallelism(2);
      KafkaSource<String> source =
          KafkaSource.<String>builder()
              .setBootstrapServers(kafka.bootstrapServers())
              .setTopics("numbers")
              .setStartingOffsets(OffsetsInitializer.earliest())
              .setValueOnlyDeserializer(new SimpleStringSchema())
              .build();
      env.fromSource(source, WatermarkStrategy.noWatermarks(), "numbers")
          .map(new Witness())
          .sinkTo(new DiscardingSink<>());

      JobClient job = flink.submit(env, "witness", List.of());
      everyRecordSeen.await();

      assertThat(SEEN).containsExactlyInAnyOrderElementsOf(expected);
      assertThat(flink.metrics().sum("witnessed")).isEqualTo(10);
      assertThat(flink.metrics().values("subtask").sorted().toArray()).containsExactly(0, 1);
      assertThat(flink.metrics().max("text")).isEmpty();
      assertThat(flink.webAddress().getPort()).isPositive();

      job.cancel().get();
      assertThatThrownBy(() -> EmbeddedFlink.await(job)).isInstanceOf(ExecutionException.class);
      assertThat(job.getJobStatus().get()).isEqualTo(JobStatus.CANCELED);
      // A task's metrics leave a moment after its state is final.
      while (flink.metrics().values("witnessed").findAny().isPresent()) {
        Thread.onSpinWait();
      }
    }
  }

  @Test
  void aBoundedJobEndsByItself() throws Exception {
    try (EmbeddedFlink flink = EmbeddedFlink.start(1, 1)) {
      StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
      env.setParallelism(1);
      env.fromSequence(1, 100).sinkTo(new DiscardingSink<>());
      JobClient job = flink.submit(env, "sequence", List.of());
      EmbeddedFlink.await(job);
      assertThat(job.getJobStatus().get()).isEqualTo(JobStatus.FINISHED);
    }
  }

  private static final class Witness extends RichMapFunction<String, String> {
    private static final long serialVersionUID = 1;
    private transient Counter witnessed;

    @Override
    public void open(OpenContext context) {
      var group = getRuntimeContext().getMetricGroup();
      int subtask = getRuntimeContext().getTaskInfo().getIndexOfThisSubtask();
      witnessed = group.counter("witnessed");
      group.gauge("subtask", (Gauge<Integer>) () -> subtask);
      group.gauge("text", (Gauge<String>) () -> "not a number");
    }

    @Override
    public String map(String value) {
      witnessed.inc();
      SEEN.add(value);
      everyRecordSeen.countDown();
      return value;
    }
  }
}
