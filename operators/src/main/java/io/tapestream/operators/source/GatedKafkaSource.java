package io.tapestream.operators.source;

import io.tapestream.operators.FormatType;
import io.tapestream.operators.OffsetPolicy;
import io.tapestream.operators.SourceSettings;
import io.tapestream.operators.TrainingSettings;
import io.tapestream.operators.weights.WeightExchange;
import io.tapestream.operators.weights.WeightReplica;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * Reads Kafka partitions as complete mini-batches, each let through when the weights that it needs
 * have come back. Used without watermarks, at the head of the trainer's chain:
 *
 * <pre>{@code
 * env.fromSource(new GatedKafkaSource(settings), WatermarkStrategy.noWatermarks(), "source")
 * }</pre>
 *
 * and with a co-location group shared with the weight return, set on this source.
 */
public final class GatedKafkaSource
    implements Source<Turn, GatedSplit, GatedEnumeratorState>, ResultTypeQueryable<Turn> {

  private static final long serialVersionUID = 1L;

  private final TrainingSettings settings;

  /** A source that asks the broker nothing before the job runs. */
  public GatedKafkaSource(TrainingSettings settings) {
    this.settings = settings;
  }

  @Override
  public Boundedness getBoundedness() {
    return settings.source().stopping() instanceof OffsetPolicy.Unbounded
        ? Boundedness.CONTINUOUS_UNBOUNDED
        : Boundedness.BOUNDED;
  }

  @Override
  public SourceReader<Turn, GatedSplit> createReader(SourceReaderContext context) {
    SourceSettings source = settings.source();
    var key = WeightExchange.Key.of(context.metricGroup().getAllVariables());
    WeightReplica replica =
        WeightExchange.meet(
            key,
            context.currentParallelism(),
            () -> new WeightReplica(settings.server().layout(), settings.server().consistency()));
    String group = source.consumerGroup();
    KafkaRecordReader inner = KafkaRecordReader.create(source, context);
    return new GatedReader(
        inner,
        source.virtualWorkers(),
        source.batchSize(),
        ExampleCounter.of(settings.input().format()),
        replica,
        source.policies(),
        new HeldOffsets(() -> KafkaTopics.of(source.kafka()), source.policies().acceptLost()),
        group == null ? null : new GroupOffsets(source.kafka(), group),
        context::sendSourceEventToCoordinator,
        () -> WeightExchange.leave(key, replica),
        System::nanoTime,
        ThreadAlarm::new,
        new ReaderTimes(context.metricGroup(), System::nanoTime));
  }

  @Override
  public SplitEnumerator<GatedSplit, GatedEnumeratorState> createEnumerator(
      SplitEnumeratorContext<GatedSplit> context) {
    return restoreEnumerator(context, GatedEnumeratorState.FRESH);
  }

  @Override
  public SplitEnumerator<GatedSplit, GatedEnumeratorState> restoreEnumerator(
      SplitEnumeratorContext<GatedSplit> context, GatedEnumeratorState state) {
    SourceSettings source = settings.source();
    return new GatedEnumerator(context, source, () -> KafkaTopics.of(source.kafka()), state);
  }

  @Override
  public SimpleVersionedSerializer<GatedSplit> getSplitSerializer() {
    return new GatedSplitSerializer();
  }

  @Override
  public SimpleVersionedSerializer<GatedEnumeratorState> getEnumeratorCheckpointSerializer() {
    return new GatedEnumeratorStateSerializer();
  }

  @Override
  public TypeInformation<Turn> getProducedType() {
    return new FormatType<>(Turn.class, TurnSerializer.INSTANCE);
  }
}
