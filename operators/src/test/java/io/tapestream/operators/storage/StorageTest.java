package io.tapestream.operators.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.files.DurableFiles;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Flink's file systems as paths, on one that has renames ({@code it}) and one without. */
class StorageTest {
  @TempDir Path local;

  private Path in(String scheme) {
    return Storage.path(scheme + "://" + local);
  }

  // Paths

  @Test
  void whatHasNoSchemeIsALocalPath() {
    assertThat(Storage.path("models/clicks")).isEqualTo(Path.of("models/clicks"));
    assertThat(Storage.path("file:///data/my models")).isEqualTo(Path.of("/data/my models"));
    assertThat(Storage.path("clicks:monday.csv")).isEqualTo(Path.of("clicks:monday.csv"));
    assertThat(Storage.absolute("a/../b")).isEqualTo(Path.of("b").toAbsolutePath().toString());
  }

  @Test
  void aUriIsAPathOfItsOwnFileSystem() {
    Path models = Storage.path("s3://bucket/models");
    assertThat(models).hasToString("s3://bucket/models");
    assertThat(models.toUri()).isEqualTo(URI.create("s3://bucket/models"));
    assertThat(models.getFileSystem()).isEqualTo(Storage.path("s3://bucket/x").getFileSystem());
    assertThat(models.getFileSystem()).isNotEqualTo(Storage.path("s3://other/").getFileSystem());
    assertThat(Storage.absolute("s3://bucket//a/./b/../c/")).isEqualTo("s3://bucket/a/c");
    assertThat(Storage.path("s3://bucket")).isEqualTo(models.getRoot().getFileSystem().getPath(""));
    assertThat(Storage.absolute("s3://bucket/100%#1")).isEqualTo("s3://bucket/100%#1");
    assertThat(Storage.path("hdfs:///models")).hasToString("hdfs:///models");
    assertThat(Storage.path("s3://bucket/my models").toUri())
        .isEqualTo(URI.create("s3://bucket/my%20models"));
    assertThatThrownBy(() -> models.resolve(Path.of("here")))
        .isInstanceOf(ProviderMismatchException.class);
  }

  @Test
  void pathsAreTakenApartAndPutTogetherLikeLocalOnes() {
    for (String[] pair :
        List.of(
            new String[] {"/a/b/c", "/a"},
            new String[] {"/a/b", "/a/c/d"},
            new String[] {"/a/../b/./c", "/"},
            new String[] {"/", "/x/y"})) {
      Path one = Path.of(pair[0]);
      Path other = Path.of(pair[1]);
      Path ours = Storage.path("it://" + pair[0]);
      Path others = Storage.path("it://" + pair[1]);
      assertThat(ours.getNameCount()).isEqualTo(one.getNameCount());
      assertThat(text(ours.getFileName())).isEqualTo(text(one.getFileName()));
      assertThat(text(ours.getParent())).isEqualTo(text(one.getParent()));
      assertThat(text(ours.normalize())).isEqualTo(text(one.normalize()));
      assertThat(text(ours.resolve("x/y"))).isEqualTo(text(one.resolve("x/y")));
      assertThat(text(ours.resolveSibling("x"))).isEqualTo(text(one.resolveSibling("x")));
      assertThat(ours.startsWith(others)).isEqualTo(one.startsWith(other));
      assertThat(ours.endsWith("c")).isEqualTo(one.endsWith("c"));
      assertThat(text(ours.normalize().relativize(others)))
          .isEqualTo(text(one.normalize().relativize(other)));
      assertThat(ours).isEqualTo(Storage.path(ours.toString())).hasSameHashCodeAs(ours);
    }
    assertThat(Storage.path("it:///a/b/c").subpath(1, 3)).hasToString("b/c");
    assertThatThrownBy(() -> Storage.path("it:///a").subpath(0, 2))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static String text(Path path) {
    return path == null ? "none" : path.toString().replaceFirst("^it://", "");
  }

  // Files

  @ParameterizedTest
  @ValueSource(strings = {"it", "oss"})
  void filesAreWrittenReadListedAndDeleted(String scheme) throws IOException {
    Path directory = Files.createDirectories(in(scheme).resolve("a/b"));
    Path file = directory.resolve("file");
    byte[] bytes = new byte[200_000];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (i * 31);
    }
    Files.write(file, bytes);

    assertThat(Files.readAllBytes(local.resolve("a/b/file"))).isEqualTo(bytes);
    assertThat(Files.readAllBytes(file)).isEqualTo(bytes);
    assertThat(Files.size(file)).isEqualTo(bytes.length);
    assertThat(Files.isRegularFile(file)).isTrue();
    assertThat(Files.isDirectory(directory)).isTrue();
    assertThat(Files.getLastModifiedTime(file).toMillis())
        .isEqualTo(Files.getLastModifiedTime(local.resolve("a/b/file")).toMillis());
    try (var entries = Files.list(directory)) {
      assertThat(entries).containsExactly(file);
    }
    try (var all = Files.walk(in(scheme))) {
      assertThat(all).contains(file, directory);
    }
    assertThatThrownBy(() -> Files.delete(directory))
        .isInstanceOf(DirectoryNotEmptyException.class);
    Files.delete(file);
    assertThat(Files.deleteIfExists(file)).isFalse();
    Files.delete(directory);
    assertThat(local.resolve("a/b")).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"it", "oss"})
  void whatIsMissingOrInTheWayIsToldAsLocally(String scheme) throws IOException {
    Path directory = in(scheme);
    Path missing = directory.resolve("missing");
    Path file = Files.writeString(directory.resolve("file"), "x");
    assertThat(Files.exists(missing)).isFalse();
    assertThatThrownBy(() -> Files.readString(missing)).isInstanceOf(NoSuchFileException.class);
    assertThatThrownBy(() -> Files.delete(missing)).isInstanceOf(NoSuchFileException.class);
    assertThatThrownBy(() -> Files.newDirectoryStream(missing))
        .isInstanceOf(NoSuchFileException.class);
    assertThatThrownBy(() -> Files.newDirectoryStream(file))
        .isInstanceOf(NotDirectoryException.class);
    assertThatThrownBy(() -> DurableFiles.create(file))
        .isInstanceOf(FileAlreadyExistsException.class);
    assertThatThrownBy(() -> Files.createDirectory(directory))
        .isInstanceOf(FileAlreadyExistsException.class);
    assertThatThrownBy(() -> Files.readAllBytes(directory)).hasMessageContaining("is a directory");
    assertThatThrownBy(() -> Files.writeString(file, "y", StandardOpenOption.APPEND))
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> Files.move(missing, file)).isInstanceOf(NoSuchFileException.class);
    assertThatThrownBy(() -> Files.move(file, Files.writeString(missing, "y")))
        .isInstanceOf(FileAlreadyExistsException.class);
    assertThat(Files.readString(file)).isEqualTo("x");
  }

  @Test
  void aChannelReadsAtAnyPosition() throws IOException {
    Path file = Files.writeString(in("it").resolve("file"), "0123456789");
    try (SeekableByteChannel channel = Files.newByteChannel(file)) {
      ByteBuffer direct = ByteBuffer.allocateDirect(3);
      channel.position(7).read(direct);
      assertThat(direct.get(0)).isEqualTo((byte) '7');
      ByteBuffer heap = ByteBuffer.allocate(4).position(1);
      channel.position(2).read(heap);
      assertThat(heap.array()).containsExactly(0, '2', '3', '4');
      assertThat(channel.position()).isEqualTo(5);
      assertThat(channel.size()).isEqualTo(10);
      assertThat(channel.position(10).read(direct.clear())).isEqualTo(-1);
      assertThatThrownBy(() -> channel.write(heap)).isInstanceOf(NonWritableChannelException.class);
    }
    SeekableByteChannel closed = Files.newByteChannel(file);
    closed.close();
    assertThatThrownBy(() -> closed.read(ByteBuffer.allocate(1)))
        .isInstanceOf(ClosedChannelException.class);
    try (SeekableByteChannel channel = DurableFiles.create(in("it").resolve("new"))) {
      assertThatThrownBy(() -> channel.read(ByteBuffer.allocate(1)))
          .isInstanceOf(NonReadableChannelException.class);
      assertThatThrownBy(() -> channel.position(5))
          .isInstanceOf(UnsupportedOperationException.class);
    }
  }

  @Test
  void aDirectoryIsMovedInOneRenameWhereThereAreRenames() throws IOException {
    Path from = Files.createDirectory(in("it").resolve("from"));
    Files.writeString(from.resolve("file"), "x");
    Path to = in("it").resolve("to");
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    assertThat(local.resolve("to/file")).hasContent("x");
    assertThat(Files.exists(from)).isFalse();

    Path store = in("oss").resolve("to");
    assertThatThrownBy(
            () -> Files.move(store, in("oss").resolve("next"), StandardCopyOption.ATOMIC_MOVE))
        .isInstanceOf(AtomicMoveNotSupportedException.class);
    Files.move(store.resolve("file"), in("oss").resolve("moved"));
    assertThat(local.resolve("moved")).hasContent("x");
  }

  @Test
  void aDirectoryIsNotMovedIntoOneThatAnotherHasJustMade() throws IOException {
    Path from = Files.createDirectory(in("it").resolve("from"));
    Files.writeString(from.resolve("file"), "x");
    Path to = in("it").resolve("to");
    LocalStore.beforeRename = () -> local.resolve("to").toFile().mkdir();
    try {
      assertThatThrownBy(() -> Files.move(from, to, StandardCopyOption.ATOMIC_MOVE))
          .isInstanceOf(FileAlreadyExistsException.class);
    } finally {
      LocalStore.beforeRename = () -> {};
    }
    assertThat(local.resolve("to")).isEmptyDirectory();
    assertThat(local.resolve("from/file")).hasContent("x");
  }

  @ParameterizedTest
  @ValueSource(strings = {"it", "oss"})
  void aFileIsReplacedAndNothingIsLeftBeside(String scheme) throws IOException {
    Path file = in(scheme).resolve("file");
    DurableFiles.replace(file, "one");
    DurableFiles.replace(file, "two");
    assertThat(local).isDirectoryContaining(path -> path.endsWith("file"));
    assertThat(local.resolve("file")).hasContent("two");
    try (var entries = Files.list(local)) {
      assertThat(entries.filter(entry -> !entry.endsWith("file"))).isEmpty();
    }
  }

  @Test
  void aSchemeThatFlinkDoesNotKnowIsNamedAtTheFirstUse() {
    assertThatThrownBy(() -> Files.list(Storage.path("nowhere://bucket/x")))
        .hasMessageContaining("nowhere");
  }
}
