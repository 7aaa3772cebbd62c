package io.tapestream.operators.server;

import io.tapestream.operators.metrics.Measure;
import io.tapestream.parameterserver.Block;
import io.tapestream.parameterserver.Header;
import java.util.List;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.SimpleCounter;

/**
 * A shard's metrics under its operator's scope, one for each of the model's metrics by its name
 * among them. Every shard that owns a block reports the same.
 */
final class ServerMetrics {

  private final Counter closed = new SimpleCounter(); // rounds of this attempt
  private volatile long round;
  private volatile long records;
  private volatile Header report = Header.NONE;

  /** Shows where a block stands that this attempt begins with. */
  ServerMetrics(MetricGroup group, List<String> metrics, Block first) {
    take(first);
    Measure.ROUND.gauge(group, () -> round);
    Measure.ROUNDS_PER_SECOND.rate(group, closed);
    Measure.RECORDS.gauge(group, () -> records);
    Measure.LOSS.gauge(group, () -> report.loss());
    for (int i = 0; i < metrics.size(); i++) {
      int metric = i;
      group.gauge(metrics.get(i), (Gauge<Double>) () -> metric(metric));
    }
  }

  private double metric(int index) {
    Header last = report;
    return index < last.metricSums().length ? last.metric(index) : Double.NaN;
  }

  /** Takes over a block's last round; on the task's thread. */
  void update(Block block) {
    closed.inc(block.round() - round);
    take(block);
  }

  private void take(Block block) {
    round = block.round();
    records = block.records();
    report = block.lastReport();
  }
}
