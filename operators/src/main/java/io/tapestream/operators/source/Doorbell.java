package io.tapestream.operators.source;

import java.util.concurrent.CompletableFuture;

/**
 * The reader's one outstanding availability future (R7). Flink waits on a single future and ignores
 * any other that it is shown meanwhile, so whatever may have work for the reader rings the same
 * bell, and the future is replaced only when it is done.
 *
 * <pre>{@code
 * reader's thread                                   any thread
 * future = bell.listen();                           change what look() sees;
 * if (look()) ... else return future;               bell.ring();
 * }</pre>
 */
final class Doorbell {

  private volatile CompletableFuture<Void> current = new CompletableFuture<>();

  /** The future that the next ring completes; call it before looking, so that no ring is lost. */
  CompletableFuture<Void> listen() {
    if (current.isDone()) {
      current = new CompletableFuture<>();
    }
    return current;
  }

  /** Completes the outstanding future. */
  void ring() {
    current.complete(null);
  }
}
