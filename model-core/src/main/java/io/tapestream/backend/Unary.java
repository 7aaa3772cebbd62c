package io.tapestream.backend;

/**
 * An element-wise function of one argument, with its derivative in terms of its input x and its
 * output y.
 */
public enum Unary {
  /** {@code y = eˣ}; derivative y. */
  EXP,
  /** {@code y = ln x}; derivative 1/x. */
  LOG,
  /** {@code y = √x}; derivative 1/(2y). */
  SQRT,
  /** {@code y = x²}; derivative 2x. */
  SQUARE,
  /** {@code y = −x}; derivative −1. */
  NEGATIVE,
  /** {@code y = |x|}; derivative sign x, 0 at 0. */
  ABS,
  /** {@code y = max(x, 0)}; derivative 1 where x > 0, else 0. */
  RELU,
  /** {@code y = 1 / (1 + e⁻ˣ)}; derivative y(1 − y). */
  SIGMOID,
  /** {@code y = tanh x}; derivative 1 − y². */
  TANH,
  /** {@code y = x} where x > 0, else {@code eˣ − 1}; derivative 1 where x > 0, else y + 1. */
  ELU,
  /**
   * {@code y = x · Φ(x)}, Φ the standard normal distribution function (1 + erf(x/√2)) / 2;
   * derivative {@code Φ(x) + x · φ(x)}, φ its density.
   */
  GELU,
  /**
   * {@code y = x · s} with {@code s = sigmoid(2u)} and {@code u = √(2/π) · (x + 0.044715·x³)},
   * which is close to {@link #GELU}; derivative {@code s + x · 2·s·(1 − s) · u′}.
   */
  GELU_TANH
}
