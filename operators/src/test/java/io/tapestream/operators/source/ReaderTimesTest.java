package io.tapestream.operators.source;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.operators.metrics.CapturedMetrics;
import io.tapestream.operators.metrics.Measure;
import io.tapestream.operators.metrics.Measure.Part;
import org.junit.jupiter.api.Test;

class ReaderTimesTest {

  private final CapturedMetrics metrics = new CapturedMetrics();
  private long nanos = 1_000;
  private final ReaderTimes times = new ReaderTimes(metrics, () -> nanos);

  @Test
  void eachNanosecondCountsOnceAndTheTrainersNowhere() {
    poll(3, times::hungry);
    nanos += 5;
    poll(2, times::closed);
    nanos += 7;
    poll(1, () -> nanos += 100); // a batch leaves, the trainer takes 100
    poll(1, times::closed);
    nanos += 20;
    poll(0, () -> {});

    assertThat(metrics.count(Measure.READ)).isEqualTo(3 + 2 + 1 + 1);
    assertThat(metrics.count(Measure.NO_DATA)).isEqualTo(5);
    assertThat(metrics.count(Measure.GATE_CLOSED)).isEqualTo(7 + 20);
  }

  @Test
  void theSourceRegistersWhatTheTableTells() {
    assertThat(metrics.names())
        .containsExactlyInAnyOrderElementsOf(
            Measure.of(Part.SOURCE).stream().map(Measure::title).toList());
  }

  private void poll(long reading, Runnable end) {
    times.begin();
    nanos += reading;
    times.end();
    end.run();
  }
}
