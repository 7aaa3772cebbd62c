package io.tapestream.backend;

/** An element-wise function of two arguments that broadcast against each other. */
public enum Binary {
  /** {@code a + b}. */
  ADD,
  /** {@code a − b}. */
  SUBTRACT,
  /** {@code a · b}. */
  MULTIPLY,
  /** {@code a / b}. */
  DIVIDE,
  /** {@code 1 where a = b, else 0}. */
  EQUAL
}
