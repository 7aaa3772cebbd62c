package io.tapestream.serving.follow;

import io.tapestream.files.InvalidVersionException;
import io.tapestream.files.Manifest;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.IntStream;

/**
 * A version in memory: its replicas, each used by one request at a time. Retired, it takes no new
 * request, and frees its memory when the last one under way has been answered.
 */
final class LoadedVersion {
  private final Manifest manifest;
  private final List<Replica> replicas;
  private final BlockingQueue<Replica> idle;

  // guarded by this
  private int requests;
  private boolean retired;
  private boolean closed;

  LoadedVersion(Manifest manifest, List<Replica> replicas) {
    this.manifest = manifest;
    this.replicas = List.copyOf(replicas);
    this.idle = new LinkedBlockingQueue<>(replicas);
  }

  Manifest manifest() {
    return manifest;
  }

  /**
   * Answers one zero example on every replica, so that the first request finds plans made and code
   * loaded.
   *
   * @throws InvalidVersionException if the model fails on it or its answer isn't finite
   */
  void warmUp() throws InvalidVersionException {
    float[] zeros = new float[manifest.signature().inputSize()];
    for (Replica replica : replicas) {
      Replica.Output output;
      try {
        output = replica.predict(zeros, 1);
      } catch (RuntimeException e) {
        throw new InvalidVersionException(
            "the model fails on an input of zeros: " + e.getMessage(), e);
      }
      for (float value : output.values()) {
        if (!Float.isFinite(value)) {
          throw new InvalidVersionException("the model answers an input of zeros with " + value);
        }
      }
    }
  }

  /** Answers a request, waiting for an idle replica; empty if the version has been retired. */
  Optional<Predictions> predict(float[] inputs, int rows) throws InterruptedException {
    if (!enter()) {
      return Optional.empty();
    }
    try {
      Replica replica = idle.take();
      try {
        Replica.Output output = replica.predict(inputs, rows);
        return Optional.of(
            new Predictions(
                manifest, IntStream.of(output.shape()).boxed().toList(), output.values()));
      } finally {
        idle.add(replica);
      }
    } finally {
      leave();
    }
  }

  /** Takes no request from now on. */
  void retire() {
    synchronized (this) {
      retired = true;
    }
    closeWhenUnused();
  }

  /** Whether the memory has been freed. */
  synchronized boolean closed() {
    return closed;
  }

  private synchronized boolean enter() {
    if (!retired) {
      requests++;
    }
    return !retired;
  }

  private void leave() {
    synchronized (this) {
      requests--;
    }
    closeWhenUnused();
  }

  private void closeWhenUnused() {
    synchronized (this) {
      if (!retired || requests > 0 || closed) {
        return;
      }
      closed = true;
    }
    replicas.forEach(Replica::close);
  }
}
