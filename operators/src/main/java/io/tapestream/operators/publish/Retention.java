package io.tapestream.operators.publish;

import io.tapestream.files.InvalidVersionException;
import io.tapestream.files.Manifest;
import io.tapestream.files.ReleaseLock;
import io.tapestream.files.Releases;
import io.tapestream.files.VersionDirectory;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How long published and pending files are kept. A version is deleted when neither its number nor
 * its age keeps it and nobody has pinned, labelled or held it ({@link Releases#keeps}).
 *
 * @param keepVersions the newest so many complete versions stay; 0 keeps all
 * @param keepAge versions younger than this stay, however many they are; zero keeps none for its
 *     age
 * @param keepPending how long the files of a version that was never committed are spared: a
 *     savepoint older than this may refer to files that are gone, and the version it holds is then
 *     refused
 */
public record Retention(int keepVersions, Duration keepAge, Duration keepPending)
    implements Serializable {
  private static final Logger LOG = LoggerFactory.getLogger(Retention.class);

  /** Keeps every version, and pending files for a week. */
  public static final Retention DEFAULT = keeping(0);

  /** Keeps the newest so many versions, 0 for all, and pending files for a week. */
  public static Retention keeping(int versions) {
    return keeping(versions, Duration.ZERO);
  }

  /**
   * Keeps the newest so many versions, 0 for all, those younger than {@code age}, and pending files
   * for a week.
   */
  public static Retention keeping(int versions, Duration age) {
    return new Retention(versions, age, Duration.ofDays(7));
  }

  /** Checks that nothing in use is deleted. */
  public Retention {
    if (keepVersions < 0) {
      throw new IllegalArgumentException(
          "keepVersions is "
              + keepVersions
              + ": give the number of versions to keep, or 0 for all");
    }
    if (keepAge.isNegative()) {
      throw new IllegalArgumentException("keepAge is " + keepAge + ": give a time, or zero");
    }
    if (keepPending.compareTo(Duration.ofHours(1)) < 0) {
      throw new IllegalArgumentException(
          "keepPending is " + keepPending + ": give at least an hour");
    }
  }

  /**
   * Deletes the versions that nothing keeps, each made invisible first (I4). While a person is
   * deciding what to keep, or what was decided can't be read, all stay until the next version.
   *
   * @param now the time that ages are counted to
   */
  void deleteOldVersions(VersionDirectory versions, Instant now) throws IOException {
    List<Long> complete = versions.complete();
    if (keepVersions == 0 || complete.size() <= keepVersions) {
      return;
    }
    long oldestKept = complete.get(complete.size() - keepVersions);
    Optional<ReleaseLock> lock = lock(versions);
    if (lock.isEmpty()) {
      return;
    }
    try (ReleaseLock held = lock.get()) {
      Optional<Releases> releases = decisions(held.versions());
      if (releases.isEmpty()) {
        return;
      }
      for (long version : versions.numbered()) {
        if (version >= oldestKept || isYoung(versions, version, now)) {
          return; // as are all that follow
        }
        if (!releases.get().keeps(version)) {
          Path directory = versions.path(version);
          Files.deleteIfExists(directory.resolve(Manifest.FILE));
          PendingFiles.delete(directory);
        }
      }
    }
  }

  private static Optional<Releases> decisions(VersionDirectory versions) {
    try {
      return Optional.of(Releases.read(versions));
    } catch (InvalidVersionException e) {
      LOG.warn("No old version of {} is deleted: {}", versions.model(), e.getMessage());
    } catch (IOException e) {
      LOG.warn(
          "No old version of {} is deleted, since what is pinned can't be read: {}",
          versions.model(),
          e.toString());
    }
    return Optional.empty();
  }

  private static Optional<ReleaseLock> lock(VersionDirectory versions) {
    try {
      return ReleaseLock.tryAcquire(versions);
    } catch (IOException e) {
      LOG.warn(
          "No old version of {} is deleted, since what is pinned can't be locked: {}",
          versions.model(),
          e.toString());
      return Optional.empty();
    }
  }

  private boolean isYoung(VersionDirectory versions, long version, Instant now) throws IOException {
    if (keepAge.isZero()) {
      return false;
    }
    try {
      return versions.manifest(version).created().isAfter(now.minus(keepAge));
    } catch (InvalidVersionException e) {
      return false; // not complete, or damaged: it serves nobody
    }
  }
}
