package io.tapestream.operators.source;

import java.util.function.Function;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Sends what the Kafka reader emits for a split to the split's cutter. */
final class ToCutters implements ReaderOutput<ConsumerRecord<byte[], byte[]>> {

  private final Function<String, MiniBatchCutter> cutters;
  private final ExampleCounter examples;

  /**
   * @param cutters the cutter of a split, by the split's id
   * @param examples counts the raw examples in a record's value
   */
  ToCutters(Function<String, MiniBatchCutter> cutters, ExampleCounter examples) {
    this.cutters = cutters;
    this.examples = examples;
  }

  @Override
  public SourceOutput<ConsumerRecord<byte[], byte[]>> createOutputForSplit(String splitId) {
    return new ToCutter(cutters.apply(splitId), examples);
  }

  @Override
  public void releaseOutputForSplit(String splitId) {
    cutters.apply(splitId).end();
  }

  @Override
  public void collect(ConsumerRecord<byte[], byte[]> element) {
    throw new IllegalStateException("a record came without its split: " + element);
  }

  @Override
  public void collect(ConsumerRecord<byte[], byte[]> element, long timestamp) {
    collect(element);
  }

  @Override
  public void emitWatermark(Watermark watermark) {}

  @Override
  public void markIdle() {}

  @Override
  public void markActive() {}

  private record ToCutter(MiniBatchCutter cutter, ExampleCounter examples)
      implements SourceOutput<ConsumerRecord<byte[], byte[]>> {

    private static final byte[] NOTHING = {};

    @Override
    public void collect(ConsumerRecord<byte[], byte[]> element) {
      byte[] value = element.value() == null ? NOTHING : element.value();
      cutter.add(element.offset(), element.timestamp(), value, examples.count(value));
    }

    @Override
    public void collect(ConsumerRecord<byte[], byte[]> element, long timestamp) {
      collect(element);
    }

    @Override
    public void emitWatermark(Watermark watermark) {}

    @Override
    public void markIdle() {}

    @Override
    public void markActive() {}
  }
}
