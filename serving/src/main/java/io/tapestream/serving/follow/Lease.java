package io.tapestream.serving.follow;

import io.tapestream.files.Manifest;
import java.util.List;

/**
 * One version, kept in memory until the lease is closed: what is asked through it is answered by
 * this version, whatever is swapped meanwhile. One thread uses it, and soon closes it.
 */
public final class Lease implements AutoCloseable {
  private final LoadedVersion version;
  private boolean closed;

  /** Takes over one entry into the version. */
  Lease(LoadedVersion version) {
    this.version = version;
  }

  /** The version that answers. */
  public Manifest manifest() {
    return version.manifest();
  }

  /** What the model answers with. */
  public List<TensorSpec> outputs() {
    return version.outputs();
  }

  /**
   * Answers examples; waits while as many requests as {@link FollowSettings#threads} are being
   * computed.
   *
   * @param inputs (rows, …input shape), row by row
   * @param rows number of examples, at least 1
   * @throws IllegalArgumentException if the number of values isn't that of so many examples, or the
   *     model refuses one of them
   * @throws OverloadedException if it waited longer than {@link FollowSettings#patience}, or too
   *     many wait for a batch
   */
  public Predictions predict(float[] inputs, int rows) throws InterruptedException {
    if (closed) {
      throw new IllegalStateException("the lease has been closed");
    }
    long expected = (long) rows * manifest().signature().inputSize();
    if (rows < 1 || inputs.length != expected) {
      throw new IllegalArgumentException(
          "%d examples of shape %s take %d values, %d are given"
              .formatted(rows, manifest().signature().inputShape(), expected, inputs.length));
    }
    return new Predictions(manifest(), version.predict(inputs, rows));
  }

  /** Gives the version back. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      version.leave();
    }
  }
}
