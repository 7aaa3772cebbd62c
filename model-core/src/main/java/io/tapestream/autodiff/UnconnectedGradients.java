package io.tapestream.autodiff;

/** What a gradient is where no target depends on the source. */
public enum UnconnectedGradients {
  /** Null, which tells it apart from a gradient that happens to be zero. */
  NONE,
  /** Zeros of the source's shape. */
  ZERO
}
