package io.tapestream.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.tapestream.files.FileEntry;
import io.tapestream.files.Lineage;
import io.tapestream.files.Manifest;
import io.tapestream.files.Releases;
import io.tapestream.files.Signature;
import io.tapestream.files.VersionDirectory;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code rollback}, {@code label}, {@code pin} and {@code unpin}. */
class DecisionsTest {
  @TempDir private Path directory;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private VersionDirectory versions;
  private String model;

  @BeforeEach
  void threeVersions() throws IOException {
    versions = new VersionDirectory(directory, "clicks");
    model = versions.root().toString();
    for (long version = 1; version <= 3; version++) {
      publish(version);
    }
  }

  @Test
  void aRollbackServesTheVersionBeforeUntilItIsReleased() throws IOException {
    assertThat(run("rollback", model)).isZero();
    assertThat(out.toString()).contains("clicks serves version 2, whatever newer ones come");
    assertThat(served()).isEqualTo(2);
    publish(4);
    assertThat(served()).isEqualTo(2);

    assertThat(run("rollback", model)).as("one more back").isZero();
    assertThat(served()).isEqualTo(1);
    assertThat(run("rollback", model)).isEqualTo(1);
    assertThat(err.toString()).contains("has no complete version before 1; there are [1, 2, 3, 4]");

    assertThat(run("rollback", "clicks", "--dir", directory.toString(), "--to", "3")).isZero();
    assertThat(served()).isEqualTo(3);
    assertThat(run("rollback", model, "--release")).isZero();
    assertThat(out.toString()).contains("clicks serves version 4, the newest");
    assertThat(served()).isEqualTo(4);
  }

  @Test
  void aVersionThatIsDamagedOrNotThereIsNotRolledBackTo() throws IOException {
    Files.writeString(versions.path(2).resolve(Manifest.WEIGHTS), "other");
    assertThat(run("rollback", model)).isEqualTo(1);
    assertThat(err.toString()).contains("weights.safetensors is damaged");
    assertThat(run("rollback", model, "--to", "9")).isEqualTo(1);
    assertThat(err.toString()).contains("no manifest.json");
    assertThat(served()).isEqualTo(3);
  }

  @Test
  void aLabelMovesFromVersionToVersionAndIsTakenAway() throws IOException {
    assertThat(run("label", model, "canary", "3")).isZero();
    assertThat(run("label", model, "stable", "1", "--output", "json")).isZero();
    assertThat(out.toString().lines().toList())
        .containsExactly(
            "clicks canary is version 3.",
            "{\"model\":\"clicks\",\"default\":3,\"releases\":{\"format\":1,"
                + "\"labels\":{\"canary\":3,\"stable\":1},\"pinned\":[]}}");
    assertThat(run("label", model, "stable", "3")).isZero();
    assertThat(run("label", model, "canary", "--remove")).isZero();
    assertThat(Releases.read(versions).labels()).isEqualTo(Map.of("stable", 3L));

    assertThat(run("label", model, "canary", "--remove")).isEqualTo(1);
    assertThat(err.toString()).contains("no version has the label \"canary\"; there are [stable]");
    assertThat(run("label", model, "canary")).isEqualTo(2);
    assertThat(run("label", model, "can/ary", "3")).isEqualTo(1);
    assertThat(run("label", model, "canary", "8")).isEqualTo(1);
    assertThat(err.toString()).contains("no complete version 8; there are [1, 2, 3]");
  }

  @Test
  void aPinnedVersionIsPinnedUntilItIsUnpinned() throws IOException {
    assertThat(run("pin", model, "2")).isZero();
    assertThat(Releases.read(versions).pinned()).containsExactly(2L);
    assertThat(run("unpin", model, "2")).isZero();
    assertThat(run("unpin", model, "2")).isEqualTo(1);
    assertThat(Releases.read(versions)).isEqualTo(Releases.NONE);
  }

  @Test
  void aModelThatIsNowhereEndsWithTwo() {
    assertThat(run("rollback", "nothing", "--dir", directory.toString())).isEqualTo(2);
    assertThat(err.toString()).contains("there are no versions of a model in nothing nor in");
  }

  private long served() throws IOException {
    return Releases.read(versions).defaultOf(versions.complete()).orElseThrow();
  }

  private int run(String... arguments) {
    CommandLine line = Main.commandLine();
    line.setOut(new PrintWriter(out, true));
    line.setErr(new PrintWriter(err, true));
    return line.execute(arguments);
  }

  private void publish(long version) throws IOException {
    Path path = Files.createDirectories(versions.path(version));
    Path weights = Files.writeString(path.resolve(Manifest.WEIGHTS), "value");
    Manifest manifest =
        new Manifest(
            Manifest.FORMAT,
            "clicks",
            version,
            "run-1",
            "job-1",
            version,
            Instant.EPOCH.plusSeconds(version),
            version,
            version,
            Map.of(),
            Map.of(),
            Lineage.NONE,
            new Signature(List.of("x"), List.of(1), "float32", List.of()),
            JsonNodeFactory.instance.objectNode(),
            "any",
            List.of(FileEntry.of(weights)));
    Files.writeString(path.resolve(Manifest.FILE), manifest.toJson());
  }
}
