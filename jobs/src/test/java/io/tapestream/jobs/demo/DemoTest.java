package io.tapestream.jobs.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tapestream.files.VersionDirectory;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The demo with a stream so short that it suits a test. */
@Timeout(300)
class DemoTest {
  private static final Demo.Plan SHORT = new Demo.Plan(2, 2_000, Duration.ofSeconds(1));

  @TempDir private Path directory;

  @Test
  void aNetworkLearnsFromAStreamAndServingFollowsAsInMemory() throws Exception {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(text, true, StandardCharsets.UTF_8);

    DemoResult result = new Demo(SHORT, null, directory, out).run();

    assertThat(result.records()).isEqualTo(16_000);
    assertThat(result.rounds()).isEqualTo(16_000 / (4 * 32));
    assertThat(result.deadLetters()).isZero();
    assertThat(result.versions()).isGreaterThanOrEqualTo(3);
    assertThat(result.versionsAnswering()).isGreaterThanOrEqualTo(1);
    assertThat(result.heldOutAccuracy()).isGreaterThan(0.65);
    assertThat(result.heldOutAccuracy()).isCloseTo(result.inMemoryAccuracy(), within(0.01));
    VersionDirectory versions = new VersionDirectory(directory.resolve("models"), "fashion");
    assertThat(versions.manifest(result.newestVersion()).topics().get("fashion-images"))
        .hasSize(4)
        .allSatisfy((partition, offset) -> assertThat(offset).isEqualTo(4_000));
    assertThat(text.toString(StandardCharsets.UTF_8))
        .contains("conv1 (Conv2D)")
        .contains("16,000 records")
        .contains("4 partitions × 32 = 128 examples a round");
  }
}
