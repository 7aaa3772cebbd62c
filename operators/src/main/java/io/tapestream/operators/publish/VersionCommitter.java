package io.tapestream.operators.publish;

import io.tapestream.files.DurableFiles;
import io.tapestream.files.InvalidVersionException;
import io.tapestream.files.Manifest;
import io.tapestream.files.Presence;
import io.tapestream.files.SigningKey;
import io.tapestream.files.VersionDirectory;
import io.tapestream.files.VersionSignature;
import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.flink.api.connector.sink2.Committer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes pending versions visible once their checkpoint is complete. A commit may be cut short
 * anywhere and repeated, by this job after a failure or by any submission that starts from the same
 * savepoint (R17):
 *
 * <pre>
 * found                                                     done
 * a version of this run and checkpoint, with equal hashes   nothing: it keeps its number, and is announced again
 * the same with other hashes                                refused
 * the pending directory                                     1. renamed to the next number  2. signature, then manifest renamed into place
 * a number that it has claimed, in an object store          its files that are still pending follow, then 2.
 * a numbered directory without manifest, with its files     2. only
 * none of its files, or damaged ones                        refused
 * </pre>
 *
 * <p>A refused version is logged and dropped, since trying again can't help. Any other failure
 * restarts the job, and the commit is tried again.
 */
final class VersionCommitter implements Committer<PendingVersion> {
  private static final Logger LOG = LoggerFactory.getLogger(VersionCommitter.class);

  private final VersionDirectory versions;
  private final Retention retention;
  private final Announcer announcer;
  private final @Nullable SigningKey signing;
  private final Clock clock;
  private final Claims claims;

  /** Manifests of complete versions, which never change. */
  private final Map<Long, Manifest> manifests = new HashMap<>();

  /**
   * A committer.
   *
   * @param signing signs each manifest; null signs none
   */
  VersionCommitter(
      VersionDirectory versions,
      Retention retention,
      Announcer announcer,
      @Nullable SigningKey signing,
      Clock clock) {
    this.versions = versions;
    this.retention = retention;
    this.announcer = announcer;
    this.signing = signing;
    this.clock = clock;
    this.claims = new Claims(versions);
  }

  @Override
  public void commit(Collection<CommitRequest<PendingVersion>> requests)
      throws IOException, InterruptedException {
    for (CommitRequest<PendingVersion> request : requests) {
      commit(request);
    }
  }

  private void commit(CommitRequest<PendingVersion> request)
      throws IOException, InterruptedException {
    PendingVersion pending = request.getCommittable();
    Manifest draft = pending.draft();
    Manifest version;
    try {
      Optional<Manifest> earlier = find(draft);
      if (earlier.isPresent()) {
        version = earlier.get();
        request.signalAlreadyCommitted();
      } else {
        version = publish(pending);
        LOG.info(
            "Published {} version {}: round {}, checkpoint {}",
            version.model(),
            version.version(),
            version.round(),
            version.checkpoint());
      }
    } catch (InvalidVersionException e) {
      LOG.error(
          "Refused to publish what checkpoint {} of run {} cut for model {} at round {}: {}",
          draft.checkpoint(),
          draft.run(),
          draft.model(),
          draft.round(),
          e.getMessage());
      request.signalFailedWithKnownReason(e);
      return;
    }
    announcer.announce(version);
    retention.deleteOldVersions(versions, clock.instant());
    PendingFiles.clear(versions, clock.instant(), retention.keepPending());
  }

  /** The version that this draft has become in an earlier commit. */
  private Optional<Manifest> find(Manifest draft) throws IOException {
    for (long number : versions.complete()) {
      Manifest version = manifests.get(number);
      if (version == null) {
        try {
          version = versions.manifest(number);
        } catch (InvalidVersionException e) {
          LOG.warn("Passing over a version that can't be read: {}", e.getMessage());
          continue;
        }
        manifests.put(number, version);
      }
      if (version.hasIdentity(draft.run(), draft.checkpoint())) {
        if (!version.files().equals(draft.files())) {
          throw new InvalidVersionException(
              versions.path(number)
                  + " was published for the same run and checkpoint with other files: "
                  + version.files()
                  + ", not "
                  + draft.files());
        }
        return Optional.of(version);
      }
    }
    return Optional.empty();
  }

  private Manifest publish(PendingVersion pending) throws IOException {
    Manifest draft = pending.draft();
    long number = number(draft, versions.root().resolve(pending.directory()));
    Manifest manifest =
        draft.numbered(number, clock.instant().truncatedTo(ChronoUnit.MILLIS), manifests.values());
    Path target = versions.path(number);
    String json = manifest.toJson();
    if (signing != null) {
      String signature = signing.sign(json).toJson();
      DurableFiles.replace(target.resolve(VersionSignature.FILE), signature);
    }
    DurableFiles.replace(target.resolve(Manifest.FILE), json);
    claims.release(number);
    return manifest;
  }

  /** The number under which the draft's files are now. */
  private long number(Manifest draft, Path pending) throws IOException {
    OptionalLong begun = claims.of(draft);
    if (begun.isPresent()) {
      claims.fill(begun.getAsLong(), pending, draft);
      return begun.getAsLong();
    }
    if (!Presence.isDirectory(pending)) {
      return interrupted(draft);
    }
    draft.verify(pending);
    try {
      return moveToNextNumber(pending);
    } catch (AtomicMoveNotSupportedException storeWithoutRenames) {
      long number = claims.take(draft);
      claims.fill(number, pending, draft);
      return number;
    }
  }

  private long moveToNextNumber(Path directory) throws IOException {
    while (true) {
      long number = versions.next();
      try {
        Files.move(directory, versions.path(number), StandardCopyOption.ATOMIC_MOVE);
        DurableFiles.force(versions.root());
        return number;
      } catch (AtomicMoveNotSupportedException e) {
        throw e;
      } catch (FileSystemException e) {
        if (!Presence.isDirectory(directory) || !Presence.isDirectory(versions.path(number))) {
          throw e;
        } // another job has just taken the number
      }
    }
  }

  /**
   * The number under which an interrupted commit has left this draft's files, without their
   * manifest.
   */
  private long interrupted(Manifest draft) throws IOException {
    for (long number : versions.numbered()) {
      Path directory = versions.path(number);
      if (!Presence.isFile(directory.resolve(Manifest.FILE)) && holds(directory, draft)) {
        return number;
      }
    }
    throw new InvalidVersionException(
        "its files are missing under "
            + versions.root()
            + "; they were deleted, or the checkpoint was taken with another version directory");
  }

  private static boolean holds(Path directory, Manifest draft) throws IOException {
    try {
      draft.verify(directory);
      return true;
    } catch (InvalidVersionException e) {
      LOG.debug("{} is another's: {}", directory, e.getMessage());
      return false;
    }
  }

  @Override
  public void close() {
    announcer.close();
  }
}
