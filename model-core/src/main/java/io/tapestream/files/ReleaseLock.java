package io.tapestream.files;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.FileLockInterruptionException;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileSystems;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The right to change a model's {@link Releases}, or to delete versions that they don't name, held
 * by one thread of one process at a time. So a version that is being pinned is not deleted
 * meanwhile.
 *
 * <pre>{@code
 * try (ReleaseLock lock = ReleaseLock.acquire(versions)) {
 *   Releases.read(versions).withPin(7).write(lock);
 * }
 * }</pre>
 *
 * <p>Between processes it is the lock of the file {@code DIR/NAME/.releases.lock}, which the
 * operating system frees when its holder ends, in whatever way. Inside one, jobs take turns though
 * each has loaded this class for itself. Followers only read and need none.
 *
 * <p>A directory that isn't local, in an object store for example, has no locks: there it orders
 * the threads of one virtual machine only, and of two processes that decide at the same moment one
 * may undo what the other has decided.
 */
public final class ReleaseLock implements AutoCloseable {
  private static final String FILE = ".releases.lock";

  private static final long RETRY_MILLIS = 10;

  private final VersionDirectory versions;
  private final Turn turn;
  private final @Nullable FileChannel file;

  private ReleaseLock(VersionDirectory versions, Turn turn, @Nullable FileChannel file) {
    this.versions = versions;
    this.turn = turn;
    this.file = file;
  }

  /**
   * Waits for the lock.
   *
   * @throws NoSuchFileException if the model has no directory
   * @throws FileLockInterruptionException if the thread is interrupted while it waits
   * @throws IOException if the file system has no locks, or the directory can't be written to
   */
  public static ReleaseLock acquire(VersionDirectory versions) throws IOException {
    Turn turn = Turn.at(versions);
    while (true) {
      turn.take();
      ReleaseLock lock = open(versions, turn, true);
      if (lock != null) {
        return lock;
      }
      turn.pause();
    }
  }

  /** The lock, or empty while someone else holds it. */
  public static Optional<ReleaseLock> tryAcquire(VersionDirectory versions) throws IOException {
    Turn turn = Turn.at(versions);
    return turn.tryTake() ? Optional.ofNullable(open(versions, turn, false)) : Optional.empty();
  }

  /** The lock, for one whose turn it is; null, and the turn ended, if someone else holds it. */
  private static @Nullable ReleaseLock open(VersionDirectory versions, Turn turn, boolean wait)
      throws IOException {
    FileChannel file = null;
    boolean held = false;
    try {
      if (!Presence.isDirectory(versions.root())) {
        throw new NoSuchFileException(versions.root().toString());
      }
      if (versions.root().getFileSystem() != FileSystems.getDefault()) {
        held = true;
        return new ReleaseLock(versions, turn, null);
      }
      file =
          FileChannel.open(
              versions.root().resolve(FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      FileLock lock = wait ? file.lock() : file.tryLock();
      held = lock != null;
      return held ? new ReleaseLock(versions, turn, file) : null;
    } catch (OverlappingFileLockException e) {
      return null; // held in this process, but not through this class
    } finally {
      if (!held) {
        try {
          if (file != null) {
            file.close();
          }
        } finally {
          turn.end();
        }
      }
    }
  }

  /** The versions whose decisions it guards. */
  public VersionDirectory versions() {
    return versions;
  }

  /** Gives the lock back; closing the file frees it. */
  @Override
  public void close() throws IOException {
    try {
      if (file != null) {
        file.close();
      }
    } finally {
      turn.end();
    }
  }

  /**
   * The turn of one thread of this virtual machine at a directory. A file lock belongs to the whole
   * process, which loses it when any of its channels of that file is closed; so only the thread
   * whose turn it is opens one. Threads of other class loaders share no static field with this one,
   * but the system properties and interned strings: a property says that the turn is taken, and its
   * name is the monitor that others wait at.
   */
  private static final class Turn {
    private final String name;

    private Turn(String name) {
      this.name = name.intern();
    }

    /** By the real path, so that links to a directory don't make it several. */
    static Turn at(VersionDirectory versions) throws IOException {
      return new Turn(ReleaseLock.class.getName() + ":" + versions.root().toRealPath());
    }

    boolean tryTake() {
      return System.getProperties().putIfAbsent(name, "taken") == null;
    }

    void take() throws FileLockInterruptionException {
      synchronized (name) {
        while (!tryTake()) {
          await(0);
        }
      }
    }

    /** Lets others go first. */
    void pause() throws FileLockInterruptionException {
      synchronized (name) {
        await(RETRY_MILLIS);
      }
    }

    void end() {
      synchronized (name) {
        System.getProperties().remove(name);
        name.notifyAll();
      }
    }

    private void await(long millis) throws FileLockInterruptionException {
      try {
        name.wait(millis);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new FileLockInterruptionException();
      }
    }
  }
}
