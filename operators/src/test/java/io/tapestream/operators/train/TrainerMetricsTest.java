package io.tapestream.operators.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.operators.metrics.CapturedMetrics;
import io.tapestream.operators.metrics.Measure;
import io.tapestream.operators.metrics.Measure.Part;
import org.junit.jupiter.api.Test;

class TrainerMetricsTest {

  private final CapturedMetrics registered = new CapturedMetrics();
  private final TrainerMetrics metrics = new TrainerMetrics(registered);

  @Test
  void batchesAddUp() {
    metrics.trained(4, 1, 100);
    metrics.trained(4, 0, 90);
    metrics.add(2, 1, 2, 3, 4, 5);
    metrics.add(0, 10, 20, 30, 40, 50);
    metrics.skippedBatch();

    assertThat(registered.count(Measure.EXAMPLES)).isEqualTo(8);
    assertThat(registered.count(Measure.REJECTED)).isEqualTo(1);
    assertThat(registered.count(Measure.SKIPPED_BATCHES)).isEqualTo(1);
    assertThat(registered.count(Measure.BYTES_UP)).isEqualTo(190);
    assertThat(registered.histogram(Measure.STALENESS).getMax()).isEqualTo(2);
    assertThat(registered.histogram(Measure.STALENESS).getMean()).isEqualTo(1);
    assertThat(registered.count(Measure.DECODE)).isEqualTo(11);
    assertThat(registered.count(Measure.LOAD)).isEqualTo(22);
    assertThat(registered.count(Measure.FORWARD)).isEqualTo(33);
    assertThat(registered.count(Measure.BACKWARD)).isEqualTo(44);
    assertThat(registered.count(Measure.PUSH)).isEqualTo(55);
  }

  @Test
  void theTrainerRegistersWhatTheTableTells() {
    assertThat(registered.names())
        .containsExactlyInAnyOrderElementsOf(
            Measure.of(Part.TRAINER).stream().map(Measure::title).toList());
  }
}
