package io.tapestream.operators.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.operators.metrics.CapturedMetrics;
import io.tapestream.operators.metrics.Measure;
import io.tapestream.operators.metrics.Measure.Part;
import io.tapestream.optimizers.Sgd;
import io.tapestream.parameterserver.Block;
import io.tapestream.parameterserver.BlockRange;
import io.tapestream.parameterserver.ParameterServer;
import io.tapestream.parameterserver.consistency.Synchronous;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ServerMetricsTest {

  private final BlockRange range = new BlockRange(0, 0, 3, true);
  private final ParameterServer server = new ParameterServer(new Sgd(0.1), new Synchronous(), true);
  private final Block block = server.fresh(range, new float[3], 2);
  private final CapturedMetrics gauges = new CapturedMetrics();
  private final ServerMetrics metrics = new ServerMetrics(gauges, List.of("accuracy"), block);

  @Test
  void theGaugesShowTheLastRound() {
    assertThat(gauges.value(Measure.ROUND)).isEqualTo(0L);
    assertThat(gauges.value(Measure.LOSS)).isEqualTo(Double.NaN);
    assertThat(gauges.value("accuracy")).isEqualTo(Double.NaN);

    server.accept(block, TestShards.contribution(range, 0, 0));
    server.accept(block, TestShards.contribution(range, 1, 0));
    metrics.update(block);

    assertThat(gauges.value(Measure.ROUND)).isEqualTo(1L);
    assertThat(gauges.value(Measure.RECORDS)).isEqualTo(8L);
    assertThat(gauges.value(Measure.LOSS)).isEqualTo(0.5);
    assertThat(gauges.value("accuracy")).isEqualTo(0.25);
  }

  @Test
  void theServerRegistersWhatTheTableTellsAndTheModelsMetrics() {
    assertThat(gauges.names())
        .containsExactlyInAnyOrderElementsOf(
            Stream.concat(
                    Stream.of("accuracy"), Measure.of(Part.SERVER).stream().map(Measure::title))
                .toList());
  }
}
