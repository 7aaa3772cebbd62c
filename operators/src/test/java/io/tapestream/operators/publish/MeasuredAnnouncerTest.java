package io.tapestream.operators.publish;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.files.Manifest;
import io.tapestream.files.VersionDirectory;
import io.tapestream.operators.metrics.CapturedMetrics;
import io.tapestream.operators.metrics.Measure;
import io.tapestream.operators.metrics.Measure.Part;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MeasuredAnnouncerTest {

  @TempDir Path directory;
  private VersionDirectory versions;
  private Manifest first;
  private Manifest second;

  @BeforeEach
  void publish() throws Exception {
    PublishingPlan plan = TestPlan.plan(directory);
    versions = plan.versions();
    for (int checkpoint = 1; checkpoint <= 2; checkpoint++) {
      new VersionCommitter(versions, Retention.DEFAULT, Announcer.SILENT, null, Clock.systemUTC())
          .commit(List.of(new Staging.Request(Staging.pend(plan, checkpoint, 10L * checkpoint))));
    }
    first = versions.manifest(1);
    second = versions.manifest(2);
  }

  @Test
  void theNewestVersionAndItsAgeAreShownThoughAnOlderOneIsAnnouncedAgain() throws Exception {
    List<Manifest> announced = new ArrayList<>();
    CapturedMetrics metrics = new CapturedMetrics();
    Announcer announcer = announcer(metrics, new VersionDirectory(directory, "other"), announced);
    assertThat(metrics.value(Measure.VERSION)).isEqualTo(0L);
    assertThat(metrics.value(Measure.VERSION_AGE)).isEqualTo(Double.NaN);

    announcer.announce(second);
    announcer.announce(first);

    assertThat(metrics.value(Measure.VERSION)).isEqualTo(2L);
    assertThat(metrics.value(Measure.VERSION_AGE)).isEqualTo(2.5);
    assertThat(announced).containsExactly(second, first);
  }

  @Test
  void afterARestartTheVersionThatIsThereIsShown() throws Exception {
    CapturedMetrics metrics = new CapturedMetrics();
    announcer(metrics, versions, new ArrayList<>());

    assertThat(metrics.value(Measure.VERSION)).isEqualTo(2L);
    assertThat(metrics.names())
        .as("what the table tells")
        .containsExactlyInAnyOrderElementsOf(
            Measure.of(Part.COMMITTER).stream().map(Measure::title).toList());
  }

  private Announcer announcer(
      CapturedMetrics metrics, VersionDirectory newestIn, List<Manifest> announced)
      throws IOException {
    return new MeasuredAnnouncer(
        metrics,
        newestIn,
        new Announcer() {
          @Override
          public void announce(Manifest version) {
            announced.add(version);
          }

          @Override
          public void close() {}
        },
        Clock.fixed(second.created().plus(Duration.ofMillis(2_500)), ZoneOffset.UTC));
  }
}
