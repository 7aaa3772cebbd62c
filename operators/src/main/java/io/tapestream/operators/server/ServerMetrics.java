package io.tapestream.operators.server;

import io.tapestream.parameterserver.Block;
import io.tapestream.parameterserver.Header;
import java.util.List;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;

/**
 * A shard's gauges under its operator's scope: {@code round}, {@code records}, {@code loss}, and
 * one for each metric by its name. Loss and metrics are of the last round, measured on each batch
 * before it was trained on; NaN before the first. Every shard that owns a block reports the same.
 */
final class ServerMetrics {

  private volatile long round;
  private volatile long records;
  private volatile Header report = Header.NONE;

  ServerMetrics(MetricGroup group, List<String> metrics) {
    group.gauge("round", (Gauge<Long>) () -> round);
    group.gauge("records", (Gauge<Long>) () -> records);
    group.gauge("loss", (Gauge<Double>) () -> report.loss());
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
    round = block.round();
    records = block.records();
    report = block.lastReport();
  }
}
