package io.tapestream.training;

import io.tapestream.capture.CapturedStep;

/**
 * How a training step computes.
 *
 * @param pieceRows a batch is computed in pieces of so many rows, the last one shorter. It is part
 *     of what decides the bits of a gradient
 * @param threads that compute pieces side by side, the caller's among them. It never changes a bit
 * @param seed of random layers
 * @param replicas shares of equal length, but for a row, that a batch is cut into before it is cut
 *     into pieces; see {@code strategies.MirroredStrategy}
 * @param eagerly whether layers and ops are called in every step, as when debugging, and not only
 *     until the step is {@linkplain CapturedStep captured}. It never changes a bit
 */
public record StepSettings(int pieceRows, int threads, long seed, int replicas, boolean eagerly) {
  /** Rows of a piece unless stated otherwise. */
  public static final int DEFAULT_PIECE_ROWS = 128;

  /** Checks that there are rows, threads and replicas. */
  public StepSettings {
    if (pieceRows < 1 || threads < 1 || replicas < 1) {
      throw new IllegalArgumentException(
          "pieceRows, threads and replicas must be at least 1, got "
              + pieceRows
              + ", "
              + threads
              + " and "
              + replicas);
    }
  }

  /** One replica, captured unless {@value CapturedStep#EAGER} is set. */
  public StepSettings(int pieceRows, int threads, long seed) {
    this(pieceRows, threads, seed, 1, Boolean.getBoolean(CapturedStep.EAGER));
  }

  /** Pieces of the default length, on the caller's thread alone. */
  public static StepSettings of(long seed) {
    return new StepSettings(DEFAULT_PIECE_ROWS, 1, seed);
  }

  /** The same on so many threads. */
  public StepSettings withThreads(int newThreads) {
    return new StepSettings(pieceRows, newThreads, seed, replicas, eagerly);
  }

  /** The same, with layers and ops called in every step. */
  public StepSettings runEagerly() {
    return new StepSettings(pieceRows, threads, seed, replicas, true);
  }

  /** The same in so many shares, each on a thread of its own. */
  public StepSettings mirrored(int newReplicas) {
    return new StepSettings(pieceRows, Math.max(threads, newReplicas), seed, newReplicas, eagerly);
  }
}
