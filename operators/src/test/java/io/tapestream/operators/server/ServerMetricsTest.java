package io.tapestream.operators.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.optimizers.Sgd;
import io.tapestream.parameterserver.Block;
import io.tapestream.parameterserver.BlockRange;
import io.tapestream.parameterserver.ParameterServer;
import io.tapestream.parameterserver.consistency.Synchronous;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.junit.jupiter.api.Test;

class ServerMetricsTest {

  private final Map<String, Gauge<?>> gauges = new HashMap<>();

  @Test
  void theGaugesShowTheLastRound() {
    ServerMetrics metrics =
        new ServerMetrics(
            new UnregisteredMetricsGroup() {
              @Override
              public <T, G extends Gauge<T>> G gauge(String name, G gauge) {
                gauges.put(name, gauge);
                return gauge;
              }
            },
            List.of("accuracy"));
    assertThat(gauges.keySet()).containsExactlyInAnyOrder("round", "records", "loss", "accuracy");
    assertThat(value("round")).isEqualTo(0L);
    assertThat(value("loss")).isEqualTo(Double.NaN);
    assertThat(value("accuracy")).isEqualTo(Double.NaN);

    BlockRange range = new BlockRange(0, 0, 3, true);
    ParameterServer server = new ParameterServer(new Sgd(0.1), new Synchronous(), true);
    Block block = server.fresh(range, new float[3], 2);
    server.accept(block, TestShards.contribution(range, 0, 0));
    server.accept(block, TestShards.contribution(range, 1, 0));
    metrics.update(block);

    assertThat(value("round")).isEqualTo(1L);
    assertThat(value("records")).isEqualTo(8L);
    assertThat(value("loss")).isEqualTo(0.5);
    assertThat(value("accuracy")).isEqualTo(0.25);
  }

  private Object value(String gauge) {
    return gauges.get(gauge).getValue();
  }
}
