package io.tapestream.serving.follow;

import static io.tapestream.serving.follow.SumModel.oneFeature;
import static io.tapestream.serving.follow.SumModel.publish;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import io.tapestream.files.Manifest;
import io.tapestream.files.SigningKey;
import io.tapestream.files.VersionVerifier;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Versions that lie in another file system than the machine's. */
class ForeignFileSystemTest {
  private final FileSystem elsewhere = Jimfs.newFileSystem(Configuration.unix());
  private final Path directory = elsewhere.getPath("/models");
  private Set<Path> temporary;

  @BeforeEach
  void rememberTemporaryFiles() throws IOException {
    temporary = copies();
  }

  @AfterEach
  void noCopyIsLeft() throws IOException {
    assertThat(copies()).isEqualTo(temporary);
    elsewhere.close();
  }

  @Test
  void areFollowedAndTheirDamageIsSeen() throws Exception {
    publish(directory, 1, oneFeature(2));
    try (ModelFollower follower = new SumModel().follower(directory)) {
      follower.checkNow();
      assertThat(follower.predict(new float[] {3, 4}, 1).values()).containsExactly(8);

      Path weights = publish(directory, 2, oneFeature(2)).resolve(Manifest.WEIGHTS);
      byte[] longer = new byte[(int) Files.size(weights) + 100];
      Files.write(weights, longer);
      Files.delete(publish(directory, 3, oneFeature(2)).resolve(Manifest.WEIGHTS));
      follower.checkNow();
      assertThat(follower.serving().orElseThrow().version()).isEqualTo(1);
      assertThat(follower.rejections())
          .extracting(Rejection::reason)
          .satisfiesExactly(
              reason -> assertThat(reason).contains("the manifest says"),
              reason -> assertThat(reason).contains("is listed in the manifest and missing"));

      publish(directory, 4, oneFeature(2));
      follower.checkNow();
      assertThat(follower.serving().orElseThrow().version()).isEqualTo(4);
    }
  }

  @Test
  void nothingIsCopiedOfAVersionThatIsNotSigned() throws Exception {
    Path weights = publish(directory, 1, oneFeature(2)).resolve(Manifest.WEIGHTS);
    VersionVerifier signed = VersionVerifier.signedBy(List.of(SigningKey.generate().verifying()));
    Files.delete(weights);
    try (ModelFollower follower = new SumModel().follower(directory, signed)) {
      follower.checkNow();
      assertThat(follower.rejections())
          .extracting(Rejection::reason)
          .singleElement()
          .asString()
          .contains("is not signed");
    }
  }

  private static Set<Path> copies() throws IOException {
    try (var entries = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
      return entries
          .filter(entry -> entry.getFileName().toString().startsWith("tapestream-"))
          .collect(Collectors.toSet());
    }
  }
}
