package io.tapestream.serving.follow;

import io.tapestream.files.InvalidVersionException;
import io.tapestream.files.Manifest;
import java.util.List;

/**
 * A version in memory. Retired, it takes no new lease, and frees its memory when the last one has
 * ended and nothing computes for it any more.
 */
final class LoadedVersion {
  private final Manifest manifest;
  private final ServedModel model;
  private final Turns turns;

  // guarded by this
  private int leases;
  private boolean retired;
  private boolean closed;

  /** Takes over the model. */
  LoadedVersion(Manifest manifest, ServedModel model, Turns turns) {
    this.manifest = manifest;
    this.model = model;
    this.turns = turns;
  }

  Manifest manifest() {
    return manifest;
  }

  long number() {
    return manifest.version();
  }

  List<TensorSpec> outputs() {
    return model.outputs();
  }

  /**
   * Answers one zero example, so that the first request finds plans made and code loaded.
   *
   * @throws InvalidVersionException if the model fails on it or its answer isn't finite
   */
  void warmUp() throws InvalidVersionException {
    List<NamedValues> outputs;
    try {
      outputs = model.predict(new float[manifest.signature().inputSize()], 1);
    } catch (RuntimeException e) {
      throw new InvalidVersionException(
          "the model fails on an input of zeros: " + e.getMessage(), e);
    }
    for (NamedValues output : outputs) {
      for (float value : output.values()) {
        if (!Float.isFinite(value)) {
          throw new InvalidVersionException("the model answers an input of zeros with " + value);
        }
      }
    }
  }

  /** Computes an answer; for who holds a lease. */
  List<NamedValues> predict(float[] inputs, int rows) throws InterruptedException {
    return turns.predict(model, inputs, rows);
  }

  /** Takes no lease from now on. */
  void retire() {
    synchronized (this) {
      retired = true;
    }
    closeWhenUnused();
  }

  /** Begins a lease; false if the version has been retired. */
  synchronized boolean enter() {
    if (!retired) {
      leases++;
    }
    return !retired;
  }

  /** Ends a lease. */
  void leave() {
    synchronized (this) {
      leases--;
    }
    closeWhenUnused();
  }

  private void closeWhenUnused() {
    synchronized (this) {
      if (!retired || leases > 0 || closed) {
        return;
      }
      closed = true;
    }
    turns.close(model);
  }
}
