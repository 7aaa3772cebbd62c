package io.tapestream.operators.source;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.eventtime.Watermark;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceOutput;

/** Keeps the turns that a reader emits. */
final class Emitted implements ReaderOutput<Turn> {

  final List<MiniBatch> batches = new ArrayList<>();
  private final List<String> turns = new ArrayList<>();

  /**
   * What has been emitted since the last call: {@code 0:12} is batch 12 of virtual worker 0, {@code
   * 0-34} says that it lets round 34 pass.
   */
  List<String> drain() {
    List<String> drained = List.copyOf(turns);
    turns.clear();
    batches.clear();
    return drained;
  }

  @Override
  public void collect(Turn turn) {
    if (turn instanceof MiniBatch batch) {
      batches.add(batch);
      turns.add(batch.virtualWorker() + ":" + batch.index());
    } else if (turn instanceof SkippedRound skipped) {
      turns.add(skipped.virtualWorker() + "-" + skipped.round());
    } else if (turn instanceof LostRecords lost) {
      turns.add(lost.virtualWorker() + " lost " + lost.from() + ".." + lost.to());
    }
  }

  @Override
  public void collect(Turn turn, long timestamp) {
    collect(turn);
  }

  @Override
  public SourceOutput<Turn> createOutputForSplit(String splitId) {
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
