package io.tapestream.backend.cpu;

import static jdk.incubator.vector.VectorOperators.ABS;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/** {@link FloatMath}, lane by lane: the same bits. */
final class VectorMath {
  private VectorMath() {}

  /** {@link FloatMath#exp}, lane by lane. */
  static FloatVector exp(FloatVector x) {
    FloatVector bounded = x.max(FloatMath.EXP_LOWEST).min(FloatMath.EXP_HIGHEST);
    FloatVector shifted = bounded.fma(all(FloatMath.LOG2_E), all(FloatMath.ROUNDER));
    FloatVector n = shifted.sub(FloatMath.ROUNDER);
    FloatVector r = n.fma(all(-FloatMath.LN2_UPPER), bounded);
    r = n.fma(all(-FloatMath.LN2_LOWER), r);
    FloatVector p = all(FloatMath.EXP_6).fma(r, all(FloatMath.EXP_5));
    p = p.fma(r, all(FloatMath.EXP_4));
    p = p.fma(r, all(FloatMath.EXP_3));
    p = p.fma(r, all(FloatMath.EXP_2));
    p = p.fma(r, all(FloatMath.EXP_1));
    p = p.fma(r.mul(r), r).add(1f);
    IntVector half = shifted.reinterpretAsInts().add(126).lanewise(LSHL, 23);
    return p.mul(half.reinterpretAsFloats()).mul(2f);
  }

  /** {@link FloatMath#sigmoid}, lane by lane. */
  static FloatVector sigmoid(FloatVector x) {
    return all(1f).div(exp(x.neg()).add(1f));
  }

  /** The exponential that {@link #tanh} needs: {@code exp(2|x|)}. */
  static FloatVector expOfTwice(FloatVector x) {
    FloatVector magnitude = x.lanewise(ABS);
    return exp(magnitude.add(magnitude));
  }

  /**
   * {@link FloatMath#tanh}, lane by lane.
   *
   * @param e {@link #expOfTwice} of x
   */
  static FloatVector tanh(FloatVector x, FloatVector e) {
    FloatVector z = x.mul(x);
    FloatVector p = all(FloatMath.TANH_5).fma(z, all(FloatMath.TANH_4));
    p = p.fma(z, all(FloatMath.TANH_3));
    p = p.fma(z, all(FloatMath.TANH_2));
    p = p.fma(z, all(FloatMath.TANH_1));
    FloatVector small = p.mul(z).fma(x, x);
    FloatVector positive = all(1f).sub(all(2f).div(e.add(1f)));
    IntVector sign = x.reinterpretAsInts().and(Integer.MIN_VALUE);
    FloatVector large =
        positive.reinterpretAsInts().and(Integer.MAX_VALUE).or(sign).reinterpretAsFloats();
    return large.blend(small, x.lanewise(ABS).compare(LT, FloatMath.TANH_SMALL));
  }

  private static FloatVector all(float value) {
    return FloatVector.broadcast(FloatVector.SPECIES_PREFERRED, value);
  }
}
