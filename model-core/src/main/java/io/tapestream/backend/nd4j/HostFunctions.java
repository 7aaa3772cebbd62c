package io.tapestream.backend.nd4j;

import io.tapestream.backend.Unary;

/** Functions of one number, in double precision, that ND4J has no op of the same meaning for. */
final class HostFunctions {
  private static final double ROOT_2 = Math.sqrt(2);
  private static final double ROOT_2_PI = Math.sqrt(2 * Math.PI);
  private static final double ROOT_2_BY_PI = Math.sqrt(2 / Math.PI);
  private static final double CUBIC = 0.044715;

  /** Beyond this the error function is ±1 to the last bit. */
  private static final double ERF_END = 6;

  private HostFunctions() {}

  static double value(Unary op, double x) {
    return switch (op) {
      case ELU -> x > 0 ? x : Math.expm1(x);
      case GELU -> x * normal(x);
      case GELU_TANH -> x * sigmoid(2 * inner(x));
      default -> throw new IllegalArgumentException(op + " is computed by ND4J");
    };
  }

  static double derivative(Unary op, double x) {
    return switch (op) {
      case ELU -> x > 0 ? 1 : Math.exp(x);
      case GELU -> normal(x) + x * Math.exp(-x * x / 2) / ROOT_2_PI;
      case GELU_TANH -> {
        double share = sigmoid(2 * inner(x));
        double slope = ROOT_2_BY_PI * (1 + 3 * CUBIC * x * x);
        yield share + x * 2 * share * (1 - share) * slope;
      }
      default -> throw new IllegalArgumentException(op + " is computed by ND4J");
    };
  }

  private static double inner(double x) {
    return ROOT_2_BY_PI * (x + CUBIC * x * x * x);
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  /** The standard normal distribution function. */
  private static double normal(double x) {
    return (1 + erf(x / ROOT_2)) / 2;
  }

  /**
   * {@code erf x = 2/√π · e^−x² · Σ 2ⁿ x²ⁿ⁺¹ / (1·3·…·(2n+1))}, whose terms are all of one sign
   * (Abramowitz and Stegun, 7.1.6).
   */
  private static double erf(double x) {
    if (!(Math.abs(x) < ERF_END)) {
      return Double.isNaN(x) ? x : Math.signum(x);
    }
    double sum = x;
    double term = x;
    for (int n = 1; Math.abs(term) > Math.ulp(sum) / 2; n++) {
      term *= 2 * x * x / (2 * n + 1);
      sum += term;
    }
    return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
  }
}
