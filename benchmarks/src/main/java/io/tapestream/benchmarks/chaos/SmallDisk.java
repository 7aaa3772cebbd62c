package io.tapestream.benchmarks.chaos;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A file system of a few megabytes in memory, which fills and turns read-only like any disk. */
public final class SmallDisk implements AutoCloseable {
  private final Path root;
  private final Path filler;

  private SmallDisk(Path root) {
    this.root = root;
    this.filler = root.resolve("filler");
  }

  /** Mounts one; empty where this process may not mount. */
  public static Optional<SmallDisk> mount(Path at, int megabytes) throws IOException {
    Files.createDirectories(at);
    boolean mounted =
        succeeds("mount", "-t", "tmpfs", "-o", "size=" + megabytes + "m", "tmpfs", at.toString());
    return mounted ? Optional.of(new SmallDisk(at)) : Optional.empty();
  }

  /** Where it is mounted. */
  public Path root() {
    return root;
  }

  /** Leaves room for nothing; once more takes what was deleted since. */
  public void fill() throws IOException {
    byte[] page = new byte[4096];
    try (OutputStream out =
        Files.newOutputStream(filler, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      while (true) {
        out.write(page);
      }
    } catch (IOException full) {
      if (root.toFile().getUsableSpace() > 0) {
        throw full;
      }
    }
  }

  /** Takes back {@link #fill}. */
  public void free() throws IOException {
    Files.delete(filler);
  }

  /** Lets nobody write. */
  public void turnReadOnly() throws IOException {
    remount("ro");
  }

  /** Takes back {@link #turnReadOnly}. */
  public void turnWritable() throws IOException {
    remount("rw");
  }

  private void remount(String option) throws IOException {
    // Files that are open for writing keep a mount busy for a moment.
    for (int attempt = 0;
        !succeeds("mount", "-o", "remount," + option, root.toString());
        attempt++) {
      if (attempt == 1_000) {
        throw new IOException(root + " can't be remounted " + option);
      }
    }
  }

  private static boolean succeeds(String... command) throws IOException {
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      return process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } finally {
      process.destroyForcibly();
    }
  }

  @Override
  public void close() throws IOException {
    if (!succeeds("umount", "-l", root.toString())) {
      throw new IOException(root + " can't be unmounted");
    }
  }
}
