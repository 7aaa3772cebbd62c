package io.tapestream.jobs.progress;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class ProgressLineTest {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);

  @Test
  void aProgressTellsRecordsRoundScoresAndTheNewestVersion() {
    Progress progress =
        new Progress(
            12_800,
            4_310.4,
            100,
            OptionalDouble.of(0.53126),
            Map.of("accuracy", 0.8125),
            12,
            7,
            Duration.ofMillis(2_140));
    assertThat(progress.line())
        .isEqualTo(
            "12,800 records  4,310/s  round 100  loss 0.5313  accuracy 0.8125"
                + "  12 dead letters  version 7 (2.1 s old)");
  }

  @Test
  void nothingIsToldThatIsNotKnownYet() {
    Progress progress =
        new Progress(0, 0, 0, OptionalDouble.empty(), Map.of(), 0, 0, Duration.ZERO);
    assertThat(progress.line()).isEqualTo("0 records  0/s  round 0");
  }

  @Test
  void onATerminalTheLineChangesInPlaceUnderTheMessages() {
    try (ProgressLine line = new ProgressLine(out, true, Duration.ofHours(1))) {
      line.show("one");
      line.show("two");
      line.message("news");
    }
    assertThat(text()).isEqualTo("\r\u001b[Kone\r\u001b[Ktwo\r\u001b[Knews\ntwo\n");
  }

  @Test
  void elsewhereThereIsALineNowAndThen() {
    try (ProgressLine line = new ProgressLine(out, false, Duration.ofHours(1))) {
      line.show("one");
      line.show("two");
      line.message("news");
    }
    assertThat(text()).isEqualTo("one\nnews\n");
  }

  @Test
  void afterTheEndNothingIsShown() {
    ProgressLine line = new ProgressLine(out, true, Duration.ofHours(1));
    line.close();
    line.show("late");
    assertThat(text()).isEmpty();
  }

  private String text() {
    return bytes.toString(StandardCharsets.UTF_8).replace(System.lineSeparator(), "\n");
  }
}
