package io.tapestream.files;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
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
 * operating system frees when its holder ends, in whatever way. Followers only read and need none.
 */
public final class ReleaseLock implements AutoCloseable {
  private static final String FILE = ".releases.lock";

  /** File locks belong to a process; inside one these order the threads, by model's directory. */
  private static final Map<Path, Semaphore> THREADS = new ConcurrentHashMap<>();

  private final VersionDirectory versions;
  private final Semaphore threads;
  private final FileChannel file;

  private ReleaseLock(VersionDirectory versions, Semaphore threads, FileChannel file) {
    this.versions = versions;
    this.threads = threads;
    this.file = file;
  }

  /**
   * Waits for the lock.
   *
   * @throws NoSuchFileException if the model has no directory
   * @throws IOException if the file system has no locks, or the directory can't be written to
   */
  public static ReleaseLock acquire(VersionDirectory versions) throws IOException {
    Semaphore threads = threads(versions);
    threads.acquireUninterruptibly();
    ReleaseLock lock = open(versions, threads, true);
    if (lock == null) {
      throw new IllegalStateException("a lock that is waited for is there or fails");
    }
    return lock;
  }

  /** The lock, or empty while someone else holds it. */
  public static Optional<ReleaseLock> tryAcquire(VersionDirectory versions) throws IOException {
    Semaphore threads = threads(versions);
    return threads.tryAcquire()
        ? Optional.ofNullable(open(versions, threads, false))
        : Optional.empty();
  }

  private static Semaphore threads(VersionDirectory versions) {
    return THREADS.computeIfAbsent(
        versions.root().toAbsolutePath().normalize(), root -> new Semaphore(1));
  }

  private static @Nullable ReleaseLock open(
      VersionDirectory versions, Semaphore threads, boolean wait) throws IOException {
    FileChannel file = null;
    boolean held = false;
    try {
      if (!Files.isDirectory(versions.root())) {
        throw new NoSuchFileException(versions.root().toString());
      }
      file =
          FileChannel.open(
              versions.root().resolve(FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      FileLock lock = wait ? file.lock() : file.tryLock();
      held = lock != null;
      return held ? new ReleaseLock(versions, threads, file) : null;
    } finally {
      if (!held) {
        if (file != null) {
          file.close();
        }
        threads.release();
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
      file.close();
    } finally {
      threads.release();
    }
  }
}
