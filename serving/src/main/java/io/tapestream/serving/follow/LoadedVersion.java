package io.tapestream.serving.follow;

import io.tapestream.files.InvalidVersionException;
import io.tapestream.files.Manifest;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.stream.IntStream;

/**
 * A version in memory. Retired, it takes no new request, and frees its memory when the last one
 * under way has been answered.
 */
final class LoadedVersion {
  private final Manifest manifest;
  private final ServedModel model;
  private final Semaphore threads;

  // guarded by this
  private int requests;
  private boolean retired;
  private boolean closed;

  /**
   * Takes over the model.
   *
   * @param threads requests that are computed at the same time; further ones wait
   */
  LoadedVersion(Manifest manifest, ServedModel model, int threads) {
    this.manifest = manifest;
    this.model = model;
    this.threads = new Semaphore(threads, true);
  }

  Manifest manifest() {
    return manifest;
  }

  /**
   * Answers one zero example, so that the first request finds plans made and code loaded.
   *
   * @throws InvalidVersionException if the model fails on it or its answer isn't finite
   */
  void warmUp() throws InvalidVersionException {
    ServedModel.Output output;
    try {
      output = model.predict(new float[manifest.signature().inputSize()], 1);
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

  /** Answers a request, waiting for its turn; empty if the version has been retired. */
  Optional<Predictions> predict(float[] inputs, int rows) throws InterruptedException {
    if (!enter()) {
      return Optional.empty();
    }
    try {
      threads.acquire();
      try {
        ServedModel.Output output = model.predict(inputs, rows);
        return Optional.of(
            new Predictions(
                manifest, IntStream.of(output.shape()).boxed().toList(), output.values()));
      } finally {
        threads.release();
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
    model.close();
  }
}
