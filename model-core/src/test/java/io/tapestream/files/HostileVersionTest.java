package io.tapestream.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.tapestream.files.SafeTensors.Floats;
import io.tapestream.files.SafeTensors.Named;
import io.tapestream.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A version that was damaged, or that somebody means harm with, is refused with the reason. */
class HostileVersionTest {
  private static final SigningKey KEY = SigningKey.generate();
  private static final VersionVerifier SIGNED = VersionVerifier.signedBy(List.of(KEY.verifying()));

  @TempDir private Path directory;
  private VersionDirectory versions;
  private Path version;
  private Path weights;
  private Path manifest;
  private Manifest written;

  @BeforeEach
  void publish() throws IOException {
    versions = new VersionDirectory(directory.resolve("models"), "lenet");
    version = Files.createDirectories(versions.path(1));
    weights = version.resolve(Manifest.WEIGHTS);
    float[] values = new float[2600]; // so that its bytes are more than ten thousand
    Random random = new Random(7);
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat() - 0.5f;
    }
    SafeTensors.write(
        weights,
        List.of(
            new Named("dense/kernel", Shape.of(50, 50), Floats.of(values, 0)),
            new Named("dense/bias", Shape.of(100), Floats.of(values, 2500))),
        Map.of("round", "12"));
    Path model = Files.writeString(version.resolve(Manifest.MODEL), "{\"type\": \"Sequential\"}");
    written = manifest(List.of(FileEntry.of(model), FileEntry.of(weights)));
    manifest = Files.writeString(version.resolve(Manifest.FILE), written.toJson());
    Files.writeString(version.resolve(VersionSignature.FILE), KEY.sign(written.toJson()).toJson());
  }

  @Test
  void asItWasWrittenItPasses() throws IOException {
    assertThat(SIGNED.verify(versions, 1)).isEqualTo(written);
    assertThat(VersionVerifier.UNSIGNED.verify(version)).isEqualTo(written);
  }

  @Test
  void eachByteOfTheWeightsHeaderFlippedIsRefusedAndNeverAnythingElseButAnIOException()
      throws IOException {
    int header = (int) Files.size(weights) - 4 * 2600;
    assertThat(header).isGreaterThan(100);
    try (Flipping flipping = new Flipping(weights)) {
      for (int at = 0; at < header; at++) {
        for (int mask : new int[] {1, 0x20, 0xFF}) {
          flipping.flip(at, mask);
          assertRefused(weights + " is damaged: its SHA-256 is");
          Throwable thrown = catchThrowable(() -> SafeTensors.read(weights));
          assertThat(thrown == null || thrown instanceof IOException).as("%s", thrown).isTrue();
          flipping.flip(at, mask);
        }
      }
    }
    SIGNED.verify(versions, 1);
  }

  @Test
  void eachOfTenThousandBytesOfTheWeightsFlippedIsRefused() throws IOException {
    long size = Files.size(weights);
    Random random = new Random(11);
    try (Flipping flipping = new Flipping(weights)) {
      for (int i = 0; i < 10_000; i++) {
        int mask = 1 + random.nextInt(255);
        flipping.flip(size - 1 - i, mask);
        assertRefused(weights + " is damaged: its SHA-256 is");
        flipping.flip(size - 1 - i, mask);
      }
    }
    SIGNED.verify(versions, 1);
  }

  @Test
  void eachByteOfTheManifestFlippedIsRefusedSignedOrNot() throws IOException {
    Random random = new Random(13);
    try (Flipping flipping = new Flipping(manifest)) {
      for (int at = 0; at < Files.size(manifest); at++) {
        for (int mask : new int[] {1, 1 + random.nextInt(255)}) {
          flipping.flip(at, mask);
          assertRefused(manifest.toString());
          assertThatThrownBy(() -> SIGNED.verify(versions, 1))
              .isInstanceOf(InvalidVersionException.class)
              .hasMessageContaining("is no signature of its manifest");
          flipping.flip(at, mask);
        }
      }
    }
    SIGNED.verify(versions, 1);
  }

  @Test
  void eachByteOfTheSignatureFlippedIsRefused() throws IOException {
    Path signature = version.resolve(VersionSignature.FILE);
    try (Flipping flipping = new Flipping(signature)) {
      for (int at = 0; at < Files.size(signature); at++) {
        flipping.flip(at, 1);
        assertThatThrownBy(() -> SIGNED.verify(versions, 1))
            .as("byte %d", at)
            .isInstanceOf(InvalidVersionException.class)
            .hasMessageContaining("is no signature");
        flipping.flip(at, 1);
      }
    }
    SIGNED.verify(versions, 1);
  }

  @Test
  void whatIsNotSignedOrSignedByAnotherIsRefusedWhereASignatureIsAskedFor() throws IOException {
    Path signature = version.resolve(VersionSignature.FILE);
    SigningKey another = SigningKey.generate();
    Files.writeString(signature, another.sign(written.toJson()).toJson());
    assertThatThrownBy(() -> SIGNED.verify(versions, 1))
        .isInstanceOf(InvalidVersionException.class)
        .hasMessageContainingAll(
            KEY.verifying().fingerprint(), "it says it is by " + another.verifying().fingerprint());
    VersionVerifier.signedBy(List.of(KEY.verifying(), another.verifying())).verify(versions, 1);

    Files.delete(signature);
    assertThatThrownBy(() -> SIGNED.verify(versions, 1))
        .isInstanceOf(InvalidVersionException.class)
        .hasMessageContaining("is not signed: it has no manifest.json.sig");
    VersionVerifier.UNSIGNED.verify(versions, 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"manifest.json", "model.json", "weights.safetensors"})
  void aFileThatIsTruncatedMissingADirectoryOrAnothersIsRefused(String name) throws IOException {
    Path file = version.resolve(name);
    byte[] whole = Files.readAllBytes(file);
    for (int length : new int[] {0, 1, 7, 8, whole.length / 2, whole.length - 1}) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertRefused(file.toString());
    }
    Files.write(file, Arrays.copyOf(whole, whole.length + 1));
    assertRefused(file.toString());
    Files.delete(file);
    assertRefused(name);
    Files.createDirectory(file);
    assertThatThrownBy(() -> VersionVerifier.UNSIGNED.verify(versions, 1))
        .isInstanceOf(IOException.class);
  }

  @Test
  void filesInEachOthersPlaceAndAnotherVersionsManifestAreRefused() throws IOException {
    Path model = version.resolve(Manifest.MODEL);
    Path aside = directory.resolve("aside");
    Files.move(model, aside);
    Files.move(weights, model);
    Files.move(aside, weights);
    assertRefused("bytes, the manifest says");

    Path second = Files.createDirectories(versions.path(2));
    Files.copy(weights, second.resolve(Manifest.MODEL));
    Files.copy(model, second.resolve(Manifest.WEIGHTS));
    Files.copy(manifest, second.resolve(Manifest.FILE));
    assertThatThrownBy(() -> VersionVerifier.UNSIGNED.verify(versions, 2))
        .isInstanceOf(InvalidVersionException.class)
        .hasMessageContaining("holds the manifest of lenet version 1");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../weights.safetensors",
        "/etc/passwd",
        "..",
        ".hidden",
        "a/../../b",
        "a\\\\..\\\\b",
        ""
      })
  void anEntryThatLeadsOutOfTheDirectoryIsRefused(String name) throws IOException {
    String json = written.toJson().replace("\"weights.safetensors\"", "\"" + name + "\"");
    Files.writeString(manifest, Seal.on(json.substring(0, json.lastIndexOf(",\n")) + "\n}"));
    assertRefused("is not a plain name in the version's directory");
  }

  @Test
  void aLinkThatLeavesTheVersionIsRefusedAndOneWithinItIsNot() throws IOException {
    Path outside = directory.resolve("outside");
    Files.move(weights, outside);
    Files.createSymbolicLink(weights, outside);
    assertRefused(weights + " is a link that leads out of " + version);

    Files.delete(weights);
    Files.createSymbolicLink(weights, Path.of("nowhere"));
    assertRefused(weights + " is a link to nothing");

    Files.delete(weights);
    Files.move(outside, version.resolve("data"));
    Files.createSymbolicLink(weights, Path.of("data"));
    SIGNED.verify(versions, 1);

    Path elsewhere = directory.resolve("elsewhere");
    Files.move(version, elsewhere);
    Files.createSymbolicLink(version, elsewhere);
    assertRefused(version + " is a link that leads out of " + versions.root());
  }

  private void assertRefused(String reason) {
    assertThatThrownBy(() -> VersionVerifier.UNSIGNED.verify(versions, 1))
        .isInstanceOf(InvalidVersionException.class)
        .hasMessageContaining(reason);
  }

  private static Manifest manifest(List<FileEntry> files) {
    return new Manifest(
        Manifest.FORMAT,
        "lenet",
        1,
        "run-1",
        "a3f1",
        12,
        Instant.parse("2026-11-23T08:15:30Z"),
        96,
        24576,
        Map.of("loss", 0.53),
        Map.of("images", Map.of(0, 6144L)),
        Lineage.NONE,
        new Signature(List.of("image"), List.of(28, 28, 1), "float32", List.of()),
        JsonNodeFactory.instance.objectNode().put("type", "SparseCategoricalCrossEntropy"),
        "test",
        files);
  }

  /** Changes bytes of a file where it lies. */
  private static final class Flipping implements AutoCloseable {
    private final FileChannel file;

    Flipping(Path path) throws IOException {
      file = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    void flip(long at, int mask) throws IOException {
      ByteBuffer one = ByteBuffer.allocate(1);
      file.read(one, at);
      one.put(0, (byte) (one.get(0) ^ mask)).flip();
      file.write(one, at);
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }
}
