package io.tapestream.jobs;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Closes what a command has started, the newest first, exactly once: at the end of the command, or
 * when the process is asked to end (Ctrl-C).
 *
 * <pre>{@code
 * try (Shutdown shutdown = new Shutdown()) {
 *   EmbeddedKafka kafka = shutdown.closes(EmbeddedKafka.start());
 *   ...
 * }
 * }</pre>
 */
public final class Shutdown implements AutoCloseable {
  private final Deque<AutoCloseable> resources = new ArrayDeque<>();
  private final Thread hook = new Thread(this::closeAll, "tapestream-shutdown");
  private boolean closed;

  /** Closes nothing yet. */
  public Shutdown() {
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /**
   * Whether this process is ending because it was asked to. What fails from then on fails because
   * its broker, cluster or server is gone.
   */
  public static boolean isUnderWay() {
    Thread probe = new Thread(() -> {}, "shutdown-probe");
    try {
      Runtime.getRuntime().addShutdownHook(probe);
      Runtime.getRuntime().removeShutdownHook(probe);
      return false;
    } catch (IllegalStateException underWay) {
      return true;
    }
  }

  /**
   * Takes over a resource.
   *
   * @throws IllegalStateException if everything has been closed meanwhile; the resource is closed
   *     too
   */
  public synchronized <T extends AutoCloseable> T closes(T resource) {
    resources.push(resource);
    if (closed) {
      closeAll();
      throw new IllegalStateException("the process is ending");
    }
    return resource;
  }

  /** Closes everything now. */
  @Override
  public void close() {
    closeAll();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException underWay) {
      return; // the hook is running, or about to, and finds nothing left to close
    }
  }

  private synchronized void closeAll() {
    closed = true;
    @Nullable RuntimeException first = null;
    while (!resources.isEmpty()) {
      try {
        resources.pop().close();
      } catch (Exception e) {
        if (first == null) {
          first = new IllegalStateException("something did not close", e);
        } else {
          first.addSuppressed(e);
        }
      }
    }
    if (first != null && !isUnderWay()) {
      throw first;
    }
  }
}
