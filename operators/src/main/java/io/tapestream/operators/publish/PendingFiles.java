package io.tapestream.operators.publish;

import io.tapestream.files.Presence;
import io.tapestream.files.VersionDirectory;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of versions that aren't committed yet, by run; every name is new, so that an attempt
 * that has been given up never writes into another's file.
 *
 * <pre>
 * DIR/NAME/.pending/RUN/shard-UUID                 one shard's blocks of one cut
 *                       version-CHECKPOINT-UUID/   weights.safetensors and model.json of an assembled version
 * </pre>
 *
 * <p>Staged shards are never part of a checkpoint: the assembler deletes what it has used, and what
 * failed attempts leave is deleted after an hour. Assembled versions are part of checkpoints and of
 * savepoints that any later submission may start from, so they are spared for {@code keepPending}
 * (R17).
 */
final class PendingFiles {
  private static final Logger LOG = LoggerFactory.getLogger(PendingFiles.class);
  private static final Pattern RUN = Pattern.compile("[A-Za-z0-9_-]+");
  private static final Pattern NAME = Pattern.compile("(shard|version)-.*");
  private static final Duration KEEP_SHARDS = Duration.ofHours(1);

  private final VersionDirectory versions;
  private final String run;

  PendingFiles(VersionDirectory versions, String run) {
    if (!RUN.matcher(run).matches()) {
      throw new IllegalArgumentException(
          "the run id \"" + run + "\" must be made of letters, digits, '_' and '-'");
    }
    this.versions = versions;
    this.run = run;
  }

  /** A path for a new staged shard; its directory exists. */
  Path newShard() throws IOException {
    return directory().resolve("shard-" + UUID.randomUUID());
  }

  /** A new, empty directory for a version to be assembled in. */
  Path newVersion(long checkpoint) throws IOException {
    return Files.createDirectory(
        directory().resolve("version-" + checkpoint + "-" + UUID.randomUUID()));
  }

  /** A path as committables hold it, valid wherever the model's directory is mounted. */
  String relative(Path path) {
    return versions.root().relativize(path).toString();
  }

  /** The opposite of {@link #relative}. */
  Path resolve(String relative) {
    return versions.root().resolve(relative);
  }

  private Path directory() throws IOException {
    return Files.createDirectories(versions.pending().resolve(run));
  }

  /** Deletes, of all runs, what no checkpoint can need any more. */
  static void clear(VersionDirectory versions, Instant now, Duration keepPending)
      throws IOException {
    for (Path runDirectory : children(versions.pending())) {
      for (Path entry : children(runDirectory)) {
        Matcher name = NAME.matcher(entry.getFileName().toString());
        if (name.matches()) {
          Duration keep = name.group(1).equals("shard") ? KEEP_SHARDS : keepPending;
          if (lastModified(entry).isBefore(now.minus(keep))) {
            delete(entry);
          }
        }
      }
    }
  }

  /** Deletes what nobody needs any more; what can't be deleted now is left to {@link #clear}. */
  static void discard(Path path) {
    try {
      delete(path);
    } catch (IOException e) {
      LOG.warn("{} is left over, and deleted later: {}", path, e.toString());
    }
  }

  /** Deletes a file, or a directory with all it holds; what is gone already is no error. */
  static void delete(Path path) throws IOException {
    List<Path> all;
    try (var walk = Files.walk(path)) {
      all = walk.sorted(Comparator.reverseOrder()).toList();
    } catch (NoSuchFileException e) {
      return; // another process was faster
    }
    for (Path each : all) {
      Files.deleteIfExists(each);
    }
  }

  private static List<Path> children(Path directory) throws IOException {
    List<Path> children = new ArrayList<>();
    if (Presence.isDirectory(directory)) {
      try (var entries = Files.newDirectoryStream(directory)) {
        entries.forEach(children::add);
      }
    }
    return children;
  }

  private static Instant lastModified(Path path) throws IOException {
    try {
      return path.getFileSystem() == FileSystems.getDefault()
          ? Files.getLastModifiedTime(path).toInstant()
          : newest(path);
    } catch (NoSuchFileException e) {
      return Instant.MAX; // another process was faster: nothing is left to delete
    }
  }

  /** In an object store a directory has no time of its own: there its newest file tells. */
  private static Instant newest(Path path) throws IOException {
    List<Instant> times = new ArrayList<>();
    Files.walkFileTree(
        path,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            times.add(attributes.lastModifiedTime().toInstant());
            return FileVisitResult.CONTINUE;
          }
        });
    return times.isEmpty() ? Files.getLastModifiedTime(path).toInstant() : Collections.max(times);
  }
}
