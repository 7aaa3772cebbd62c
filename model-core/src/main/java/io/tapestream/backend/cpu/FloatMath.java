package io.tapestream.backend.cpu;

import io.tapestream.backend.Activation;
import io.tapestream.backend.Unary;

/**
 * Float functions made of exactly rounded steps only (+, ·, /, fused multiply-add), so that the
 * plain and the vector kernels, compiled or interpreted, give the same bits. The polynomials are
 * those of Cephes' single precision library (S. Moshier, netlib.org/cephes).
 */
@SuppressWarnings("FloatingPointLiteralPrecision") // the polynomials' published coefficients
final class FloatMath {
  static final float LOG2_E = 1.44269504f;

  /** ln 2 in two parts; the upper one times a small integer is exact. */
  static final float LN2_UPPER = 0.693359375f;

  static final float LN2_LOWER = -2.12194440e-4f;

  /** Adding it leaves the nearest integer in the lowest bits of a small float. */
  static final float ROUNDER = 12582912f;

  static final float EXP_LOWEST = -87.33f;
  static final float EXP_HIGHEST = 89f;
  static final float EXP_6 = 1.9875691500e-4f;
  static final float EXP_5 = 1.3981999507e-3f;
  static final float EXP_4 = 8.3334519073e-3f;
  static final float EXP_3 = 4.1665795894e-2f;
  static final float EXP_2 = 1.6666665459e-1f;
  static final float EXP_1 = 5.0000001201e-1f;

  /** Below this tanh is a polynomial, above it comes from the exponential. */
  static final float TANH_SMALL = 0.625f;

  static final float TANH_5 = -5.70498872745e-3f;
  static final float TANH_4 = 2.06390887954e-2f;
  static final float TANH_3 = -5.37397155531e-2f;
  static final float TANH_2 = 1.33314422036e-1f;
  static final float TANH_1 = -3.33332819422e-1f;

  private static final float ERF_7 = 7.853861353153693e-5f;
  private static final float ERF_6 = -8.010193625184903e-4f;
  private static final float ERF_5 = 5.188327685732524e-3f;
  private static final float ERF_4 = -2.685381193529856e-2f;
  private static final float ERF_3 = 1.128358514861418e-1f;
  private static final float ERF_2 = -3.761262582423300e-1f;
  private static final float ERF_1 = 1.128379165726710e+0f;

  /** erfc between 1 and 2, and beyond; the highest power of 1/x² first. */
  private static final float[] ERFC_MIDDLE = {
    2.326819970068386e-2f,
    -1.387039388740657e-1f,
    3.687424674597105e-1f,
    -5.824733027278666e-1f,
    6.210004621745983e-1f,
    -4.944515323274145e-1f,
    3.404879937665872e-1f,
    -2.741127028184656e-1f,
    5.638259427386472e-1f
  };

  private static final float[] ERFC_FAR = {
    -1.047766399936249e+1f,
    1.297719955372516e+1f,
    -7.495518717768503e+0f,
    2.921019019210786e+0f,
    -1.015265279202700e+0f,
    4.218463358204948e-1f,
    -2.820767439740514e-1f,
    5.641895067754075e-1f
  };

  private static final float ROOT_HALF = 0.70710678f;
  private static final float DENSITY_AT_0 = 0.39894228f;
  private static final float ROOT_2_BY_PI = 0.79788456f;
  private static final float CUBIC = 0.044715f;

  private FloatMath() {}

  /** eˣ within 2 units in the last place; 0 below −86.9, ∞ above 88.7. */
  static float exp(float x) {
    float bounded = Math.min(Math.max(x, EXP_LOWEST), EXP_HIGHEST);
    float shifted = Math.fma(bounded, LOG2_E, ROUNDER);
    float n = shifted - ROUNDER;
    float r = Math.fma(n, -LN2_UPPER, bounded);
    r = Math.fma(n, -LN2_LOWER, r);
    float p = Math.fma(EXP_6, r, EXP_5);
    p = Math.fma(p, r, EXP_4);
    p = Math.fma(p, r, EXP_3);
    p = Math.fma(p, r, EXP_2);
    p = Math.fma(p, r, EXP_1);
    p = Math.fma(p, r * r, r) + 1f;
    return p * halfPowerOfTwo(shifted) * 2f;
  }

  /** 2ⁿ⁻¹ where n is the integer in the lowest bits; 0 for n = −126. */
  private static float halfPowerOfTwo(float shifted) {
    return Float.intBitsToFloat((Float.floatToRawIntBits(shifted) + 126) << 23);
  }

  /** 1 / (1 + e⁻ˣ). */
  static float sigmoid(float x) {
    return 1f / (1f + exp(-x));
  }

  /** tanh x, within 3 units in the last place. */
  static float tanh(float x) {
    float magnitude = Math.abs(x);
    if (magnitude < TANH_SMALL) {
      float z = x * x;
      float p = Math.fma(TANH_5, z, TANH_4);
      p = Math.fma(p, z, TANH_3);
      p = Math.fma(p, z, TANH_2);
      p = Math.fma(p, z, TANH_1);
      return Math.fma(p * z, x, x);
    }
    float large = 1f - 2f / (exp(2f * magnitude) + 1f);
    return Math.copySign(large, x);
  }

  /** The error function, within 1e-7. */
  static float erf(float x) {
    float magnitude = Math.abs(x);
    if (magnitude < 1f) {
      float z = x * x;
      float p = Math.fma(ERF_7, z, ERF_6);
      p = Math.fma(p, z, ERF_5);
      p = Math.fma(p, z, ERF_4);
      p = Math.fma(p, z, ERF_3);
      p = Math.fma(p, z, ERF_2);
      return Math.fma(p, z, ERF_1) * x;
    }
    float inverse = 1f / magnitude;
    float z = inverse * inverse;
    float p = 0f;
    for (float coefficient : magnitude < 2f ? ERFC_MIDDLE : ERFC_FAR) {
      p = Math.fma(p, z, coefficient);
    }
    return Math.copySign(1f - exp(-x * x) * inverse * p, x);
  }

  /** The standard normal distribution function. */
  private static float normal(float x) {
    return 0.5f * (1f + erf(x * ROOT_HALF));
  }

  /** The share of x that the approximate GELU lets through. */
  private static float share(float x) {
    return sigmoid(2f * ROOT_2_BY_PI * (x + CUBIC * x * x * x));
  }

  static float apply(Unary op, float x) {
    return switch (op) {
      case EXP -> exp(x);
      case LOG -> (float) Math.log(x);
      case SQRT -> (float) Math.sqrt(x);
      case SQUARE -> x * x;
      case NEGATIVE -> -x;
      case ABS -> Math.abs(x);
      case RELU -> Math.max(x, 0f);
      case SIGMOID -> sigmoid(x);
      case TANH -> tanh(x);
      case ELU -> x > 0f ? x : exp(x) - 1f;
      case GELU -> x * normal(x);
      case GELU_TANH -> x * share(x);
    };
  }

  /** The derivative at input x, where the output is y. */
  static float derivative(Unary op, float x, float y) {
    return switch (op) {
      case EXP -> y;
      case LOG -> 1f / x;
      case SQRT -> 0.5f / y;
      case SQUARE -> 2f * x;
      case NEGATIVE -> -1f;
      case ABS -> Math.signum(x);
      case RELU -> x > 0f ? 1f : 0f;
      case SIGMOID -> y * (1f - y);
      case TANH -> 1f - y * y;
      case ELU -> x > 0f ? 1f : y + 1f;
      case GELU -> normal(x) + x * (DENSITY_AT_0 * exp(-0.5f * x * x));
      case GELU_TANH -> {
        float share = share(x);
        float slope = 2f * ROOT_2_BY_PI * (1f + 3f * CUBIC * x * x);
        yield share + x * (share * (1f - share)) * slope;
      }
    };
  }

  static float apply(Activation activation, float z) {
    return switch (activation) {
      case LINEAR -> z;
      case RELU -> Math.max(z, 0f);
      case SIGMOID -> sigmoid(z);
      case TANH -> tanh(z);
    };
  }

  /** {@code dy · activation′}, from the output y. */
  static float gradient(Activation activation, float y, float dy) {
    return switch (activation) {
      case LINEAR -> dy;
      case RELU -> y > 0f ? dy : 0f;
      case SIGMOID -> dy * (y * (1f - y));
      case TANH -> dy * (1f - y * y);
    };
  }
}
