package io.tapestream.operators.source;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceOutput;

/** Keeps the mini-batches that a reader emits. */
final class Emitted implements ReaderOutput<MiniBatch> {

  final List<MiniBatch> batches = new ArrayList<>();

  /** What has been emitted since the last call: {@code 0:12} is batch 12 of virtual worker 0. */
  List<String> drain() {
    List<String> names = batches.stream().map(b -> b.virtualWorker() + ":" + b.index()).toList();
    batches.clear();
    return names;
  }

  @Override
  public void collect(MiniBatch batch) {
    batches.add(batch);
  }

  @Override
  public void collect(MiniBatch batch, long timestamp) {
    batches.add(batch);
  }

  @Override
  public SourceOutput<MiniBatch> createOutputForSplit(String splitId) {
    return this;
  }

  @Override
  public void releaseOutputForSplit(String splitId) {}

  @Override
  public void emitWatermark(Watermark watermark) {
    throw new AssertionError("the source has no watermarks");
  }

  @Override
  public void markIdle() {}

  @Override
  public void markActive() {}
}
