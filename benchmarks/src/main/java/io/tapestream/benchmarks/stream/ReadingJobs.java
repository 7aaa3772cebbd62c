package io.tapestream.benchmarks.stream;

import io.tapestream.jobs.FlinkCluster;
import java.util.List;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichFlatMapFunction;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.metrics.Counter;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.util.Collector;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;

/** Submits a job that reads a topic with KafkaSource and does nothing but count. */
final class ReadingJobs {
  /** The metric that counts. */
  static final String COUNTED = "recordsRead";

  private final FlinkCluster flink;

  ReadingJobs(FlinkCluster flink) {
    this.flink = flink;
  }

  /** Reads all partitions from their first record to the last, a subtask for each. */
  JobClient submit(Topic topic) {
    Configuration settings = new Configuration();
    settings.set(PipelineOptions.OBJECT_REUSE, true);
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(settings);
    env.setParallelism(topic.partitions());
    KafkaSource<byte[]> source =
        KafkaSource.<byte[]>builder()
            .setBootstrapServers(topic.bootstrap())
            .setTopics(topic.name())
            .setStartingOffsets(OffsetsInitializer.earliest())
            .setBounded(OffsetsInitializer.latest())
            .setDeserializer(
                KafkaRecordDeserializationSchema.valueOnly(ByteArrayDeserializer.class))
            .build();
    env.fromSource(source, WatermarkStrategy.noWatermarks(), "Records")
        .flatMap(new Count())
        .returns(Types.LONG)
        .sinkTo(new DiscardingSink<>());
    return flink.submit(env, "read " + topic.name(), List.of());
  }

  /** Lets nothing through. */
  private static final class Count extends RichFlatMapFunction<byte[], Long> {
    private static final long serialVersionUID = 1L;

    private transient @Nullable Counter counter;

    @Override
    public void open(OpenContext context) {
      counter = getRuntimeContext().getMetricGroup().counter(COUNTED);
    }

    @Override
    public void flatMap(byte[] value, Collector<Long> out) {
      if (counter != null) {
        counter.inc();
      }
    }
  }
}
