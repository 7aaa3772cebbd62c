package io.tapestream.operators.source;

import io.tapestream.operators.SourceSettings;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.source.reader.RecordEmitter;
import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;
import org.apache.flink.connector.base.source.reader.splitreader.SplitsChange;
import org.apache.flink.connector.base.source.reader.synchronization.FutureCompletingBlockingQueue;
import org.apache.flink.connector.kafka.source.KafkaSourceOptions;
import org.apache.flink.connector.kafka.source.metrics.KafkaSourceReaderMetrics;
import org.apache.flink.connector.kafka.source.reader.KafkaPartitionSplitReader;
import org.apache.flink.connector.kafka.source.reader.KafkaSourceReader;
import org.apache.flink.connector.kafka.source.reader.fetcher.KafkaSourceFetcherManager;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplitState;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.util.ExceptionUtils;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * The KafkaSource's own reader, put together so that records arrive raw, with their offsets, and so
 * that nothing in it undermines the gate: offsets are never reset, never committed ahead of what
 * was learned, and a partition that has just ended is not paused any more (R6, R7).
 */
@SuppressWarnings("try") // close() throws what the connector lets it
final class KafkaRecordReader extends KafkaSourceReader<ConsumerRecord<byte[], byte[]>> {

  private static final RecordEmitter<
          ConsumerRecord<byte[], byte[]>, ConsumerRecord<byte[], byte[]>, KafkaPartitionSplitState>
      AS_IT_IS =
          (element, output, state) -> {
            output.collect(element, element.timestamp());
            state.setCurrentOffset(element.offset() + 1);
          };

  private final SourceSettings settings;

  private KafkaRecordReader(
      FutureCompletingBlockingQueue<RecordsWithSplitIds<ConsumerRecord<byte[], byte[]>>> queue,
      KafkaSourceFetcherManager fetchers,
      SourceSettings settings,
      Properties properties,
      SourceReaderContext context,
      KafkaSourceReaderMetrics metrics) {
    super(
        queue, fetchers, AS_IT_IS, Configuration.fromMap(asStrings(properties)), context, metrics);
    this.settings = settings;
  }

  static KafkaRecordReader create(SourceSettings settings, SourceReaderContext context) {
    Properties properties = consumerProperties(settings);
    var queue =
        new FutureCompletingBlockingQueue<RecordsWithSplitIds<ConsumerRecord<byte[], byte[]>>>();
    var metrics = new KafkaSourceReaderMetrics(context.metricGroup());
    var fetchers =
        new KafkaSourceFetcherManager(
            queue, () -> new PartitionFetcher(properties, context, metrics), finishedSplits -> {});
    return new KafkaRecordReader(queue, fetchers, settings, properties, context, metrics);
  }

  /** The user's client properties, with Tapestream's defaults below and its necessities above. */
  static Properties consumerProperties(SourceSettings settings) {
    Properties properties = new Properties();
    properties.setProperty(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    properties.setProperty(KafkaSourceOptions.CLIENT_ID_PREFIX.key(), "tapestream");
    // A fetcher that starts anew would register the client's hundred metrics under the same names.
    properties.setProperty(KafkaSourceOptions.REGISTER_KAFKA_CONSUMER_METRICS.key(), "false");
    properties.putAll(settings.kafka().toProperties());
    properties.remove(ConsumerConfig.GROUP_ID_CONFIG);
    String bytes = ByteArrayDeserializer.class.getName();
    properties.setProperty(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, bytes);
    properties.setProperty(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, bytes);
    properties.setProperty(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
    properties.setProperty(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
    properties.setProperty(KafkaSourceOptions.COMMIT_OFFSETS_ON_CHECKPOINT.key(), "false");
    return properties;
  }

  /** The same, but an offset that the broker no longer holds is named, with the gap. */
  @Override
  public InputStatus pollNext(ReaderOutput<ConsumerRecord<byte[], byte[]>> output)
      throws Exception {
    try {
      return super.pollNext(output);
    } catch (RuntimeException failure) {
      Optional<OffsetOutOfRangeException> outOfRange =
          ExceptionUtils.findThrowable(failure, OffsetOutOfRangeException.class);
      if (outOfRange.isEmpty()) {
        throw failure;
      }
      throw explain(outOfRange.get().offsetOutOfRangePartitions(), failure);
    }
  }

  /**
   * What has been removed before it was read ends the job, unless that is accepted: then a restart
   * goes on behind it.
   */
  private Exception explain(Map<TopicPartition, Long> outOfRange, RuntimeException failure)
      throws IOException {
    try (KafkaTopics topics = KafkaTopics.of(settings.kafka())) {
      Map<TopicPartition, KafkaTopics.Range> ranges = topics.ranges(outOfRange.keySet());
      List<OffsetGap> gaps = new ArrayList<>();
      outOfRange.forEach(
          (partition, offset) -> {
            long first = KafkaTopics.answer(ranges, partition).first();
            if (offset < first) {
              gaps.add(new OffsetGap(partition, offset, first));
            }
          });
      if (!gaps.isEmpty() && !settings.policies().acceptLost()) {
        return new LostRecordsException(gaps);
      }
      String reason =
          outOfRange.entrySet().stream()
              .map(
                  e ->
                      KafkaTopics.outOfRange(
                          e.getKey(), e.getValue(), KafkaTopics.answer(ranges, e.getKey())))
              .collect(Collectors.joining("; "));
      return new IOException(reason, failure);
    }
  }

  private static Map<String, String> asStrings(Properties properties) {
    return properties.stringPropertyNames().stream()
        .collect(Collectors.toMap(key -> key, properties::getProperty));
  }

  /**
   * Runs on the fetcher's thread. A partition that reaches its stopping offset is unassigned here
   * before the reader hears of it, and the consumer refuses to pause what is not assigned; so what
   * the reader asks for is filtered by what is still assigned.
   */
  @SuppressWarnings("try") // as above
  private static final class PartitionFetcher extends KafkaPartitionSplitReader {

    private final Set<String> assigned = new HashSet<>();

    PartitionFetcher(
        Properties properties, SourceReaderContext context, KafkaSourceReaderMetrics metrics) {
      super(properties, context, metrics);
    }

    @Override
    public void handleSplitsChanges(SplitsChange<KafkaPartitionSplit> change) {
      super.handleSplitsChanges(change);
      change.splits().forEach(split -> assigned.add(split.splitId()));
    }

    @Override
    public RecordsWithSplitIds<ConsumerRecord<byte[], byte[]>> fetch() throws IOException {
      var fetched = super.fetch();
      assigned.removeAll(fetched.finishedSplits());
      return fetched;
    }

    @Override
    public void pauseOrResumeSplits(
        Collection<KafkaPartitionSplit> pause, Collection<KafkaPartitionSplit> resume) {
      super.pauseOrResumeSplits(stillAssigned(pause), stillAssigned(resume));
    }

    private Collection<KafkaPartitionSplit> stillAssigned(Collection<KafkaPartitionSplit> splits) {
      return splits.stream().filter(split -> assigned.contains(split.splitId())).toList();
    }
  }
}
