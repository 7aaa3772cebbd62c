package io.tapestream.operators.publish;

import io.tapestream.files.Manifest;
import io.tapestream.files.VersionDirectory;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * How long published and pending files are kept.
 *
 * @param keepVersions the newest so many complete versions stay; 0 keeps all
 * @param keepPending how long the files of a version that was never committed are spared: a
 *     savepoint older than this may refer to files that are gone, and the version it holds is then
 *     refused
 */
public record Retention(int keepVersions, Duration keepPending) implements Serializable {

  /** Keeps every version, and pending files for a week. */
  public static final Retention DEFAULT = keeping(0);

  /** Keeps the newest so many versions, 0 for all, and pending files for a week. */
  public static Retention keeping(int versions) {
    return new Retention(versions, Duration.ofDays(7));
  }

  /** Checks that nothing in use is deleted. */
  public Retention {
    if (keepVersions < 0) {
      throw new IllegalArgumentException(
          "keepVersions is "
              + keepVersions
              + ": give the number of versions to keep, or 0 for all");
    }
    if (keepPending.compareTo(Duration.ofHours(1)) < 0) {
      throw new IllegalArgumentException(
          "keepPending is " + keepPending + ": give at least an hour");
    }
  }

  /** Deletes the versions before the oldest that is kept, each made invisible first (I4). */
  void deleteOldVersions(VersionDirectory versions) throws IOException {
    List<Long> complete = versions.complete();
    if (keepVersions == 0 || complete.size() <= keepVersions) {
      return;
    }
    long oldestKept = complete.get(complete.size() - keepVersions);
    for (long version : versions.numbered()) {
      if (version < oldestKept) {
        Path directory = versions.path(version);
        Files.deleteIfExists(directory.resolve(Manifest.FILE));
        PendingFiles.delete(directory);
      }
    }
  }
}
