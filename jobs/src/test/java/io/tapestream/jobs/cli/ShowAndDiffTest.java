package io.tapestream.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.tapestream.files.FileEntry;
import io.tapestream.files.Lineage;
import io.tapestream.files.Manifest;
import io.tapestream.files.Provenance;
import io.tapestream.files.Releases;
import io.tapestream.files.SafeTensors;
import io.tapestream.files.SafeTensors.Floats;
import io.tapestream.files.SafeTensors.Named;
import io.tapestream.files.Signature;
import io.tapestream.files.SigningKey;
import io.tapestream.files.TensorSignature;
import io.tapestream.files.VersionDirectory;
import io.tapestream.files.VersionSignature;
import io.tapestream.tensor.Shape;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code show}, {@code diff} and {@code keygen}. */
class ShowAndDiffTest {
  @TempDir private Path directory;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private VersionDirectory versions;

  @BeforeEach
  void twoVersions() throws IOException {
    versions = new VersionDirectory(directory, "clicks");
    publish(
        1,
        "{\"type\": \"Sequential\"}",
        named("dense/kernel", 3, 4),
        named("dense/bias", 1),
        named("old", 1),
        named("grown", 1));
    publish(
        2,
        "{\"type\": \"Functional\"}",
        named("dense/kernel", 3, 4.5f),
        named("dense/bias", 1),
        named("grown", 1, 2),
        named("new", 1));
  }

  @Test
  void whatChangedIsToldTensorByTensor() throws IOException {
    assertThat(run("diff", "clicks/1", "clicks/2", "--dir", directory.toString())).isZero();
    assertThat(out.toString().lines())
        .anyMatch(line -> line.matches("from +clicks version 1 +to clicks version 2"))
        .anyMatch(line -> line.matches("rounds +\\+10"))
        .anyMatch(line -> line.matches("learned +images-0 +100 → 200 \\(\\+100\\)"))
        .anyMatch(line -> line.matches("metric +loss +0.5000 → 0.2500"))
        .anyMatch(line -> line.matches("architecture +.*Sequential.* → .*Functional.*"))
        .anyMatch(line -> line.matches("dense/kernel +\\[2] +changed +0.5000 +0.1000"))
        .anyMatch(line -> line.matches("dense/bias +\\[1] +equal .*"))
        .anyMatch(line -> line.matches("grown +\\[1] → \\[2] +reshaped +– +–"))
        .anyMatch(line -> line.matches("new +\\[1] +added +– +–"))
        .anyMatch(line -> line.matches("old +\\[1] +removed +– +–"));

    JsonNode json = json("diff", path(1), path(2), "--output", "json");
    assertThat(json.get("records").longValue()).isEqualTo(1000);
    assertThat(json.at("/learned/images/0/to").longValue()).isEqualTo(200);
    assertThat(json.at("/tensors/0/largest").doubleValue()).isEqualTo(0.5);
    assertThat(json.at("/changed/architecture/to/type").textValue()).isEqualTo("Functional");
  }

  @Test
  void aModelIsShownWithWhatWasDecidedAndWhatIsRefused() throws IOException {
    publish(3, "{}", named("w", 1));
    Releases.update(
        versions, now -> now.withHold(1).withLabel("stable", 1).withPin(2).withLabel("next", 2));
    Files.writeString(versions.path(3).resolve(Manifest.FILE), "{");
    Files.createDirectories(versions.path(4));

    assertThat(run("show", "clicks", "--dir", directory.toString())).isZero();
    assertThat(out.toString().lines())
        .anyMatch(line -> line.matches("clicks +1 .*loss 0.5000 +held as the default, stable"))
        .anyMatch(line -> line.matches("clicks +2 .*loss 0.2500 +next, pinned"))
        .anyMatch(line -> line.matches("clicks +3 +refused: .*manifest.json.*"))
        .anyMatch(line -> line.contains("not yet or no longer versions: [4]"));

    JsonNode json = json("show", versions.root().toString(), "--output", "json");
    assertThat(json.get("default").longValue()).isEqualTo(1);
    assertThat(json.at("/releases/labels/next").longValue()).isEqualTo(2);
    assertThat(json.get("versions")).hasSize(2);
    assertThat(json.at("/refused/0/version").longValue()).isEqualTo(3);
    assertThat(json.at("/incomplete/0").longValue()).isEqualTo(4);
  }

  @Test
  void aDirectoryMayBeNamedByItsUri() throws IOException {
    assertThat(run("show", versions.path(2).toUri().toString())).isZero();
    assertThat(run("show", "clicks", "--dir", directory.toUri().toString())).isZero();
    assertThat(run("show", "s3://bucket/models/clicks")).isEqualTo(1);
    assertThat(err.toString()).contains("'s3'", "flink-s3-fs-hadoop");
  }

  @Test
  void aVersionIsShownWithWhatMadeItAndWhoSignedIt() throws IOException {
    assertThat(run("show", path(2))).isZero();
    assertThat(out.toString().lines())
        .anyMatch(line -> line.matches("output +output, float32 \\[-1, 3]"))
        .anyMatch(line -> line.matches("parent +clicks version 1 of run run-1"))
        .anyMatch(line -> line.matches("specification +sha256 (0123456789abcdef){4}"))
        .anyMatch(line -> line.matches("signed by +nobody"))
        .anyMatch(line -> line.startsWith("Every file is whole"));

    SigningKey key = SigningKey.generate();
    Path publicKey = Files.writeString(directory.resolve("public.pem"), key.verifying().toPem());
    assertThat(run("show", path(2), "--verify-key", publicKey.toString())).isEqualTo(1);
    assertThat(err.toString()).contains("is not signed: it has no manifest.json.sig");

    String manifest = Files.readString(versions.path(2).resolve(Manifest.FILE));
    Files.writeString(versions.path(2).resolve(VersionSignature.FILE), key.sign(manifest).toJson());
    assertThat(run("show", path(2), "--verify-key", publicKey.toString())).isZero();
    assertThat(out.toString()).contains("which is signed by a key of yours");
    JsonNode json = json("show", path(2), "--output", "json");
    assertThat(json.get("signedBy").textValue()).isEqualTo(key.verifying().fingerprint());
    assertThat(json.at("/provenance/parent/version").longValue()).isEqualTo(1);
  }

  @Test
  void aPairOfKeysIsMadeOnceAndOnlyItsOwnerReadsThePrivateOne() throws IOException {
    String name = directory.resolve("sign").toString();
    assertThat(run("keygen", name)).isZero();
    Path privateKey = Path.of(name + ".pem");
    assertThat(SigningKey.read(privateKey).verifying().toPem())
        .isEqualTo(Files.readString(Path.of(name + ".public.pem")));
    assertThat(Files.getPosixFilePermissions(privateKey))
        .containsExactlyInAnyOrder(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);
    assertThat(run("keygen", name)).as("it exists").isEqualTo(1);
  }

  private String path(long version) {
    return versions.path(version).toString();
  }

  private JsonNode json(String... arguments) throws IOException {
    out.getBuffer().setLength(0);
    assertThat(run(arguments)).isZero();
    return new ObjectMapper().readTree(out.toString());
  }

  private int run(String... arguments) {
    CommandLine line = Main.commandLine();
    line.setOut(new PrintWriter(out, true));
    line.setErr(new PrintWriter(err, true));
    return line.execute(arguments);
  }

  private static Named named(String name, float... values) {
    return new Named(name, Shape.of(values.length), Floats.of(values, 0));
  }

  private void publish(long version, String architecture, Named... tensors) throws IOException {
    Path path = Files.createDirectories(versions.path(version));
    Path model = Files.writeString(path.resolve(Manifest.MODEL), architecture);
    Path weights = path.resolve(Manifest.WEIGHTS);
    SafeTensors.write(weights, List.of(tensors), Map.of());
    Manifest manifest =
        new Manifest(
            Manifest.FORMAT,
            "clicks",
            version,
            "run-1",
            "job-1",
            version,
            Instant.EPOCH.plusSeconds(version),
            10 * version,
            1000 * version,
            Map.of("loss", 0.5 / version),
            Map.of("images", Map.of(0, 100 * version)),
            Lineage.NONE,
            new Signature(
                List.of("x"),
                List.of(1),
                "float32",
                List.of(),
                List.of(TensorSignature.of("output", List.of(3)))),
            JsonNodeFactory.instance.objectNode(),
            "any",
            new Provenance(
                "0123456789abcdef".repeat(4),
                "tapestream test",
                version == 1 ? null : new Lineage.Start("clicks", version - 1, "run-1")),
            List.of(FileEntry.of(model), FileEntry.of(weights)));
    Files.writeString(path.resolve(Manifest.FILE), manifest.toJson());
  }
}
