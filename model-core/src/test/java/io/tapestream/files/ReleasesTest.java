package io.tapestream.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReleasesTest {
  @TempDir private Path directory;
  private VersionDirectory versions;

  @BeforeEach
  void model() throws IOException {
    versions = new VersionDirectory(directory, "lenet");
    Files.createDirectories(versions.root());
  }

  @Test
  void aVersionIsLabelledPinnedHeldAndReleased() throws IOException {
    Releases.update(
        versions, now -> now.withLabel("stable", 7).withLabel("canary", 9).withPin(3).withHold(7));

    Releases read = Releases.read(versions);

    assertThat(read).isEqualTo(new Releases(7L, Map.of("canary", 9L, "stable", 7L), Set.of(3L)));
    assertThat(read.labelled("canary")).hasValue(9);
    assertThat(read.labelled("beta")).isEmpty();
    assertThat(read.labelsOf(7)).containsExactly("stable");
    assertThat(Files.readString(versions.root().resolve(Releases.FILE)))
        .isEqualToIgnoringWhitespace(
            """
            {"format": 1, "hold": 7, "labels": {"canary": 9, "stable": 7}, "pinned": [3]}
            """);
    assertThat(read.withoutHold().withoutPin(3).withoutLabel("stable").withoutLabel("canary"))
        .isEqualTo(Releases.NONE);
  }

  @Test
  void withoutAFileNothingIsDecided() throws IOException {
    assertThat(Releases.read(versions)).isEqualTo(Releases.NONE);
    assertThat(Releases.read(new VersionDirectory(directory, "absent"))).isEqualTo(Releases.NONE);
  }

  @Test
  void theDefaultIsTheNewestUnlessOneIsHeld() {
    List<Long> complete = List.of(3L, 7L, 12L, 9L);
    assertThat(Releases.NONE.defaultOf(complete)).hasValue(12);
    assertThat(Releases.NONE.withHold(7).defaultOf(complete)).hasValue(7);
    assertThat(Releases.NONE.withHold(8).defaultOf(complete))
        .as("a held version that is not there is not replaced by another")
        .isEmpty();
    assertThat(Releases.NONE.defaultOf(List.of())).isEmpty();
  }

  @Test
  void retentionLeavesPinnedLabelledAndHeldVersions() {
    Releases releases = Releases.NONE.withHold(7).withLabel("canary", 9).withPin(3);
    assertThat(Stream.of(3L, 7L, 9L)).allMatch(releases::keeps);
    assertThat(releases.keeps(8)).isFalse();
  }

  @Test
  void whatIsNotThereCanNotBeTakenAway() {
    Releases releases = Releases.NONE.withLabel("stable", 7).withPin(3);
    assertThatThrownBy(() -> releases.withoutLabel("canary"))
        .hasMessage("no version has the label \"canary\"; there are [stable]");
    assertThatThrownBy(() -> releases.withoutPin(4))
        .hasMessage("version 4 is not pinned; pinned are [3]");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{                                    | is no JSON",
        "[]                                   | no JSON object",
        "{}                                   | \"format\" is missing",
        "{\"format\": 2}                      | \"format\" is 2, this release reads 1",
        "{\"format\": 1} 1                    | is no JSON",
        "{\"format\": 1, \"held\": 7}         | there is no \"held\" in it",
        "{\"format\": 1, \"format\": 1}       | is no JSON: Duplicate",
        "{\"format\": 1, \"hold\": -7}        | hold says version -7, versions start at 1",
        "{\"format\": 1, \"hold\": 7.5}       | hold says 7.5, expected a version's number",
        "{\"format\": 1, \"labels\": [7]}     | \"labels\" is [7]",
        "{\"format\": 1, \"labels\": {\"a\": 0}}   | the label \"a\" says version 0",
        "{\"format\": 1, \"labels\": {\"a/b\": 7}} | the label \"a/b\" must be made of letters",
        "{\"format\": 1, \"labels\": {\"\": 7}}    | the label \"\" must be made of letters",
        "{\"format\": 1, \"pinned\": 3}       | \"pinned\" is 3, expected a list",
        "{\"format\": 1, \"pinned\": [\"3\"]} | pinned says \"3\"",
        "{\"format\": 1, \"pinned\": [99999999999999999999]} | expected a version's number",
      })
  void whatCanNotBeUsedIsNamed(String json, String reason) {
    assertThatThrownBy(() -> Releases.read(json.getBytes(StandardCharsets.UTF_8), "here"))
        .isInstanceOf(InvalidVersionException.class)
        .hasMessageStartingWith("here ")
        .hasMessageContaining(reason);
  }

  @Test
  void aDecisionThatFailsChangesNothing() throws IOException {
    Releases.update(versions, now -> now.withPin(3));
    assertThatThrownBy(() -> Releases.update(versions, now -> now.withoutPin(4)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(Releases.update(versions, now -> now.withPin(5)).pinned()).containsExactly(3L, 5L);
  }

  @Test
  void whileOneHoldsTheLockAnotherDoesNotGetIt() throws IOException {
    try (ReleaseLock lock = ReleaseLock.acquire(versions)) {
      assertThat(lock.versions().model()).isEqualTo("lenet");
      assertThat(ReleaseLock.tryAcquire(versions)).isEmpty();
    }
    ReleaseLock.tryAcquire(versions).orElseThrow().close();
  }

  @Test
  void aDirectoryHasOneLockWhicheverPathLeadsToIt() throws IOException {
    Path link = Files.createSymbolicLink(directory.resolve("link"), versions.root());
    VersionDirectory linked = new VersionDirectory(directory, link.getFileName().toString());
    try (ReleaseLock lock = ReleaseLock.acquire(versions)) {
      assertThat(lock.versions()).isEqualTo(versions);
      assertThat(ReleaseLock.tryAcquire(linked)).isEmpty();
    }
    ReleaseLock.tryAcquire(linked).orElseThrow().close();
  }

  @Test
  void jobsThatLoadedTheLockEachForItselfTakeTurns() throws Exception {
    try (URLClassLoader another = new URLClassLoader(classPath(), null)) {
      Class<?> directories = another.loadClass(VersionDirectory.class.getName());
      Object theirs =
          directories.getConstructor(Path.class, String.class).newInstance(directory, "lenet");
      Class<?> locks = another.loadClass(ReleaseLock.class.getName());
      assertThat(locks).isNotEqualTo(ReleaseLock.class);
      AutoCloseable held =
          (AutoCloseable) locks.getMethod("acquire", directories).invoke(null, theirs);

      assertThat(ReleaseLock.tryAcquire(versions)).isEmpty();
      CompletableFuture<Releases> decided =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return Releases.update(versions, now -> now.withPin(3));
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
      assertThat(decided).isNotDone();
      held.close();
      assertThat(decided.get(1, TimeUnit.MINUTES).pinned()).containsExactly(3L);
    }
  }

  private static URL[] classPath() throws IOException {
    List<URL> urls = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      urls.add(Path.of(entry).toUri().toURL());
    }
    return urls.toArray(URL[]::new);
  }

  @Test
  void aLockThatAnotherPartOfThisProcessHoldsIsWaitedForLikeAnyOther() throws Exception {
    CompletableFuture<ReleaseLock> acquired;
    try (FileChannel file =
            FileChannel.open(
                versions.root().resolve(".releases.lock"),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE);
        FileLock held = file.lock()) {
      assertThat(held.isValid()).isTrue();
      assertThat(ReleaseLock.tryAcquire(versions)).isEmpty();
      acquired =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return ReleaseLock.acquire(versions);
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
      assertThat(acquired).isNotDone();
    }
    acquired.get(1, TimeUnit.MINUTES).close();
  }

  @Test
  void noneOfManyDecisionsAtOnceIsLostNorIsTheFileEverHalfWritten() throws Exception {
    Process other =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xshare:auto",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Pinning.class.getName(),
                directory.toString())
            .inheritIO()
            .start();
    ExecutorService threads = Executors.newFixedThreadPool(3);
    try {
      List<Callable<Releases>> all = new ArrayList<>();
      for (long version = 1; version <= 60; version++) {
        long pinned = version;
        all.add(() -> Releases.update(versions, now -> now.withPin(pinned)));
      }
      for (Future<Releases> done : threads.invokeAll(all)) {
        done.get();
      }
      assertThat(other.waitFor(1, TimeUnit.MINUTES)).isTrue();
    } finally {
      threads.shutdownNow();
      other.destroyForcibly().waitFor();
    }
    assertThat(Releases.read(versions).pinned()).hasSize(60 + Pinning.VERSIONS);
    try (var left = Files.list(versions.root())) {
      assertThat(left.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder(Releases.FILE, ".releases.lock");
    }
  }

  /** Another process that pins versions one by one. */
  static final class Pinning {
    static final int VERSIONS = 40;

    public static void main(String[] arguments) throws IOException {
      VersionDirectory versions = new VersionDirectory(Path.of(arguments[0]), "lenet");
      for (long version = 1; version <= VERSIONS; version++) {
        long pinned = 1000 + version;
        Releases.update(versions, now -> now.withPin(pinned));
      }
    }
  }
}
