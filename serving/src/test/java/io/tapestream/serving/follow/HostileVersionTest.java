package io.tapestream.serving.follow;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.files.Manifest;
import io.tapestream.files.SigningKey;
import io.tapestream.files.VersionSignature;
import io.tapestream.files.VersionVerifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** While a version is refused, whatever was done to it, the one before it goes on answering. */
class HostileVersionTest {
  private static final SigningKey KEY = SigningKey.generate();
  private static final int BYTES = 64;

  @TempDir private Path directory;
  private final SumModel model = new SumModel();

  /** Something that is done to a version's directory. */
  private interface Harm {
    void to(Path version) throws IOException;
  }

  @Test
  void theVersionBeforeAnswersWhileTheNewOneIsRefusedWithTheReason() throws Exception {
    publish(1);
    VersionVerifier signed = VersionVerifier.signedBy(List.of(KEY.verifying()));
    try (ModelFollower follower = model.follower(directory, signed)) {
      follower.checkNow();
      assertRefused(
          follower,
          "is damaged: its SHA-256",
          version -> flip(version.resolve(Manifest.WEIGHTS), BYTES));
      assertRefused(
          follower,
          "is no signature of its manifest",
          version -> flip(version.resolve(Manifest.FILE), BYTES));
      assertRefused(
          follower, "is no signature", version -> flip(version.resolve(VersionSignature.FILE), 30));
      assertRefused(
          follower,
          "is not signed",
          version -> Files.delete(version.resolve(VersionSignature.FILE)));
      assertRefused(
          follower,
          "is listed in the manifest and missing",
          version -> Files.delete(version.resolve(Manifest.WEIGHTS)));
      assertRefused(
          follower,
          "the manifest says",
          version -> Files.write(version.resolve(Manifest.WEIGHTS), new byte[BYTES]));
      assertRefused(
          follower,
          "is no signature by an Ed25519 key",
          version -> Files.writeString(version.resolve(VersionSignature.FILE), "{}"));
      assertRefused(
          follower,
          "is a link that leads out of",
          version -> {
            Path weights = version.resolve(Manifest.WEIGHTS);
            Path outside = directory.resolve("outside-" + version.getFileName());
            Files.move(weights, outside);
            Files.createSymbolicLink(weights, outside);
          });

      long next = follower.rejections().size() + 2L;
      publish(next);
      follower.checkNow();
      assertThat(follower.serving().orElseThrow().version()).isEqualTo(next);
    }
  }

  private void assertRefused(ModelFollower follower, String reason, Harm harm) throws Exception {
    long version = follower.rejections().size() + 2L;
    harm.to(publish(version));
    follower.checkNow();
    assertThat(follower.rejections()).hasSize((int) version - 1);
    assertThat(follower.rejections().get((int) version - 2).reason()).contains(reason);
    assertThat(follower.serving().orElseThrow().version()).isEqualTo(1);
    assertThat(follower.predict(new float[] {2, 3}, 1).values()).containsExactly(6);
  }

  private Path publish(long number) throws IOException {
    Path version = SumModel.publish(directory.resolve("unseen"), number, SumModel.oneFeature(2), 1);
    String manifest = Files.readString(version.resolve(Manifest.FILE));
    Files.writeString(version.resolve(VersionSignature.FILE), KEY.sign(manifest).toJson());
    Path model = Files.createDirectories(directory.resolve(version.getParent().getFileName()));
    return Files.move(version, model.resolve(version.getFileName()));
  }

  private static void flip(Path file, int at) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[at] ^= 1;
    Files.write(file, bytes);
  }
}
