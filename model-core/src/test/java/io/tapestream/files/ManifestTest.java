package io.tapestream.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ManifestTest {
  @TempDir Path directory;
  private Path weights;

  @BeforeEach
  void writeWeights() throws IOException {
    weights = Files.write(directory.resolve(Manifest.WEIGHTS), new byte[] {1, 2, 3});
  }

  @Test
  void writtenAndReadAgainItIsTheSameAndItsFilesPass() throws IOException {
    Manifest manifest = manifest();
    Files.writeString(directory.resolve(Manifest.FILE), manifest.toJson());

    Manifest read = Manifest.read(directory);

    assertThat(read).isEqualTo(manifest);
    assertThat(read.toJson()).isEqualTo(manifest.toJson());
    assertThat(read.topics()).isEqualTo(Map.of("images", Map.of(0, 6144L, 10, 7L)));
    read.verify(directory);
  }

  @Test
  void aFieldAddedByALaterReleaseIsNoErrorForThisOne() throws IOException {
    Files.writeString(
        directory.resolve(Manifest.FILE),
        Seal.on(manifest().toJson().replaceFirst("\\{", "{\"colour\": \"blue\",")));
    assertThat(Manifest.read(directory)).isEqualTo(manifest());
  }

  /** A manifest that release 0.1.0 wrote, before there was a format 2. */
  @Test
  void aManifestOfFormat1IsReadAndPublishedAgainInFormat2() throws IOException {
    byte[] golden;
    try (InputStream in = ManifestTest.class.getResourceAsStream("manifest-format-1.json")) {
      golden = Objects.requireNonNull(in).readAllBytes();
    }

    Manifest old = Manifest.read(golden, "golden");

    assertThat(old.format()).isEqualTo(1);
    assertThat(old.topics()).isEqualTo(Map.of("images", Map.of(0, 6144L, 1, 6150L)));
    assertThat(old.lineage().start()).isEqualTo(new Lineage.Start("lenet", 3, "run-0"));
    assertThat(old.provenance()).isEqualTo(Provenance.UNKNOWN);
    assertThat(old.signature().inputs())
        .containsExactly(new TensorSignature("image", "float32", List.of(-1, 28, 28, 1)));
    assertThat(old.signature().outputs()).isEmpty();
    old.verify(directory);

    Manifest again = old.numbered(8, old.created(), List.of(old));
    assertThat(again.format()).isEqualTo(Manifest.FORMAT);
    assertThat(again.provenance().parent()).isEqualTo(new Lineage.Start("lenet", 7, "run-1"));
    assertThat(Manifest.read(again.toJson().getBytes(StandardCharsets.UTF_8), "again"))
        .isEqualTo(again);
  }

  @Test
  void theSoftwareNamesItsVersion() {
    assertThat(Software.name()).matches("tapestream \\d.*");
  }

  @Test
  void aSignatureNamesItsInputAfterItsOnlyFeature() {
    Signature one = new Signature(List.of("x"), List.of(4), "float32", List.of());
    Signature two = new Signature(List.of("a", "b"), List.of(2, 2), "float32", List.of());
    assertThat(one.inputs()).containsExactly(TensorSignature.of("x", List.of(4)));
    assertThat(two.inputs())
        .containsExactly(new TensorSignature("input", "float32", List.of(-1, 2, 2)));
    assertThatThrownBy(() -> new TensorSignature("x", "float32", List.of(4)))
        .hasMessageContaining("-1 for the batch");
    assertThatThrownBy(
            () ->
                new Signature(
                    List.of("x"), List.of(4), "float32", List.of(), two.inputs(), List.of()))
        .hasMessageContaining("inputShape [4]");
  }

  @Test
  void sha256IsThatOfTheStandard() throws IOException {
    Path abc = Files.writeString(directory.resolve("abc"), "abc");
    assertThat(FileEntry.of(abc).sha256())
        .isEqualTo("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  }

  @Test
  void aChangedByteAMissingByteAndAMissingFileAreEachNamed() throws IOException {
    Manifest manifest = manifest();

    Files.write(weights, new byte[] {1, 2, 4});
    assertThatThrownBy(() -> manifest.verify(directory))
        .isInstanceOf(InvalidVersionException.class)
        .hasMessageContaining(weights.toString())
        .hasMessageContaining("SHA-256");

    Files.write(weights, new byte[] {1, 2});
    assertThatThrownBy(() -> manifest.verify(directory))
        .hasMessageContaining("has 2 bytes, the manifest says 3");

    Files.delete(weights);
    assertThatThrownBy(() -> manifest.verify(directory)).hasMessageContaining("missing");
  }

  @Test
  void whatIsWrongInAManifestIsNamedByItsKey() throws IOException {
    assertThatThrownBy(() -> Manifest.read(directory)).hasMessageContaining("has no manifest.json");

    assertUnreadable(
        manifest().toJson().replace("\"format\" : 2", "\"format\" : 3"), "\"format\" is 3");
    assertUnreadable(manifest().toJson().replace("\"run\"", "\"walk\""), "\"run\" is missing");
    assertUnreadable(
        manifest().toJson().replace("weights.safetensors", "../weights"), "not a plain name");
    assertUnreadable(manifest().toJson().substring(40), "manifest.json");
  }

  @Test
  void whatStartsFromAVersionInheritsWhatItHasPassedOver() throws IOException {
    var further = new Lineage.Abandoned("images", 10, 7, 9);

    Lineage lineage = Lineage.after(manifest()).andAbandoned(List.of(further));

    assertThat(lineage.start()).isEqualTo(new Lineage.Start("lenet", 7, "run-1"));
    assertThat(lineage.abandoned())
        .containsExactly(new Lineage.Abandoned("images", 0, 512, 640), further);
    assertThat(further).hasToString("images-10 offsets 7..8");
  }

  private void assertUnreadable(String json, String reason) throws IOException {
    Files.writeString(directory.resolve(Manifest.FILE), json);
    assertThatThrownBy(() -> Manifest.read(directory))
        .isInstanceOf(InvalidVersionException.class)
        .hasMessageContaining(reason);
  }

  private Manifest manifest() throws IOException {
    return new Manifest(
        Manifest.FORMAT,
        "lenet",
        7,
        "run-1",
        "a3f1",
        12,
        Instant.parse("2026-11-23T08:15:30Z"),
        96,
        24576,
        Map.of("loss", 0.53, "accuracy", 0.81),
        Map.of("images", Map.of(10, 7L, 0, 6144L)),
        new Lineage(
            new Lineage.Start("lenet", 3, "run-0"),
            List.of(new Lineage.Abandoned("images", 0, 512, 640))),
        new Signature(
            List.of("image"),
            List.of(28, 28, 1),
            "float32",
            List.of(),
            List.of(TensorSignature.of("output", List.of(10)))),
        JsonNodeFactory.instance.objectNode().put("type", "SparseCategoricalCrossEntropy"),
        "test",
        new Provenance(
            "0123456789abcdef".repeat(4), Software.name(), new Lineage.Start("lenet", 6, "run-1")),
        List.of(FileEntry.of(weights)));
  }
}
