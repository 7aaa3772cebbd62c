package io.tapestream.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VersionDirectoryTest {
  @TempDir Path directory;

  @Test
  void nothingIsThereBeforeTheFirstVersion() throws IOException {
    VersionDirectory versions = new VersionDirectory(directory.resolve("absent"), "lenet");
    assertThat(versions.complete()).isEmpty();
    assertThat(versions.newest()).isEmpty();
    assertThat(versions.next()).isEqualTo(1);
  }

  @Test
  void i4AVersionWithoutItsManifestIsInvisibleButItsNumberIsTaken() throws IOException {
    VersionDirectory versions = new VersionDirectory(directory, "lenet");
    complete(versions, 1);
    complete(versions, 2);
    Files.createDirectories(versions.path(3));
    Files.createDirectories(versions.pending());
    Files.createDirectories(versions.root().resolve("notes"));

    assertThat(versions.path(3)).isEqualTo(directory.resolve("lenet").resolve("00000003"));
    assertThat(versions.complete()).containsExactly(1L, 2L);
    assertThat(versions.newest()).hasValue(2);
    assertThat(versions.next()).isEqualTo(4);
  }

  @Test
  void numbersAreOrderedAsNumbersEvenBeyondEightDigits() throws IOException {
    VersionDirectory versions = new VersionDirectory(directory, "lenet");
    complete(versions, 100_000_000);
    complete(versions, 99_999_999);
    assertThat(versions.newest()).hasValue(100_000_000);
  }

  @Test
  void aNameThatWouldLeaveTheDirectoryIsRefused() {
    assertThatThrownBy(() -> new VersionDirectory(directory, "../other"))
        .hasMessageContaining("../other");
    assertThatThrownBy(() -> new VersionDirectory(directory, "a/b"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static void complete(VersionDirectory versions, long version) throws IOException {
    Files.writeString(Files.createDirectories(versions.path(version)).resolve(Manifest.FILE), "{}");
  }
}
