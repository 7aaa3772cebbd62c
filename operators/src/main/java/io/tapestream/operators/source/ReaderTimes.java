package io.tapestream.operators.source;

import io.tapestream.operators.metrics.Measure;
import java.util.function.LongSupplier;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.jspecify.annotations.Nullable;

/**
 * Where a reader's time goes between two mini-batches: a poll of the inner reader counts as
 * reading, what lies between two polls as waiting, for weights or for records.
 *
 * <pre>
 *   begin()  ──reading──  end()  ──trainer, or…──  closed() | hungry()  ──waiting──  begin()
 * </pre>
 */
final class ReaderTimes {

  private final LongSupplier nanoTime;
  private final Counter read;
  private final Counter gateClosed;
  private final Counter noData;

  private long since;
  private @Nullable Counter waiting;

  /**
   * @param nanoTime as {@link System#nanoTime}
   */
  ReaderTimes(MetricGroup group, LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.read = Measure.READ.counter(group);
    this.gateClosed = Measure.GATE_CLOSED.counter(group);
    this.noData = Measure.NO_DATA.counter(group);
  }

  /** A poll begins. */
  void begin() {
    long now = nanoTime.getAsLong();
    if (waiting != null) {
      waiting.inc(now - since);
      waiting = null;
    }
    since = now;
  }

  /** Records have been taken. */
  void end() {
    long now = nanoTime.getAsLong();
    read.inc(now - since);
    since = now;
  }

  /** The poll gives nothing: weights are missing. */
  void closed() {
    waiting = gateClosed;
  }

  /** The poll gives nothing: no mini-batch is complete. */
  void hungry() {
    waiting = noData;
  }
}
