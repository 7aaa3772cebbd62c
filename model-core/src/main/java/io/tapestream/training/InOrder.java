package io.tapestream.training;

import org.jspecify.annotations.Nullable;

/**
 * Lets threads pass one after another in the order of their pieces, or stop together when one
 * fails.
 */
final class InOrder {
  private int next;
  private @Nullable Throwable failure;

  /**
   * Waits until every piece before this one has passed, and then runs the action alone.
   *
   * @return whether it ran; not if another piece has failed
   */
  synchronized boolean pass(int piece, Runnable action) {
    boolean interrupted = false;
    while (next != piece && failure == null) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true; // the piece before is being computed and will pass
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (failure != null) {
      return false;
    }
    action.run();
    next++;
    notifyAll();
    return true;
  }

  /** Notes a failure; the first one counts. */
  synchronized void fail(Throwable newFailure) {
    if (failure == null) {
      failure = newFailure;
    }
    notifyAll();
  }

  /** Throws the failure, if there was one. */
  synchronized void rethrow() {
    if (failure instanceof RuntimeException e) {
      throw e;
    }
    if (failure instanceof Error e) {
      throw e;
    }
  }
}
