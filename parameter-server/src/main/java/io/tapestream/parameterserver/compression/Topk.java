package io.tapestream.parameterserver.compression;

import io.tapestream.parameterserver.Gradient;

/**
 * Only the largest gradients of each block, the rest kept for later: error feedback.
 *
 * <pre>
 * e = residual + gradient        sent = the k largest of |e|, k = ⌈share · length⌉        residual = e − sent
 * </pre>
 *
 * Of equal ones the first in the block are sent. Eight bytes for each gradient that is sent.
 *
 * <p>Source: Stich, Cordonnier and Jaggi, <i>Sparsified SGD with Memory</i>, NeurIPS 2018.
 *
 * @param share of a block's gradients that is sent, above 0 and at most 1
 */
public record Topk(double share) implements Compression {

  private static final int MAGNITUDE = 0x7fff_ffff;
  private static final int LOW_BITS = 15; // 31 bits of a magnitude: 16 high ones, 15 low ones

  /** Refuses a share of nothing or of more than all. */
  public Topk {
    if (!(share > 0 && share <= 1)) {
      throw new IllegalArgumentException(
          "the share %s of the gradients is not above 0 and at most 1".formatted(share));
    }
  }

  @Override
  public Gradient compress(float[] gradient, float[] residual, int from) {
    int length = gradient.length;
    for (int i = 0; i < length; i++) {
      gradient[i] += residual[from + i];
    }
    int k = sent(length);
    int least = kthMagnitude(gradient, k);
    int ties = k - larger(gradient, least);
    int[] rows = new int[k];
    float[] sent = new float[k];
    int n = 0;
    for (int i = 0; i < length; i++) {
      int magnitude = magnitude(gradient[i]);
      if (magnitude > least || (magnitude == least && ties-- > 0)) {
        rows[n] = i;
        sent[n++] = gradient[i];
        residual[from + i] = 0;
      } else {
        residual[from + i] = gradient[i];
      }
    }
    return new Gradient.Rows(0, 1, rows, sent);
  }

  private int sent(int length) {
    return (int) Math.ceil(share * length);
  }

  @Override
  public int bytes(int length) {
    return (Integer.BYTES + Float.BYTES) * sent(length);
  }

  /** The magnitudes of floats are ordered as the bits that make them. */
  private static int magnitude(float value) {
    return Float.floatToRawIntBits(value) & MAGNITUDE;
  }

  /** The k-th largest magnitude, by counting high bits and then, among those, low ones. */
  private static int kthMagnitude(float[] values, int k) {
    int[] high = new int[1 << (31 - LOW_BITS)];
    for (float value : values) {
      high[magnitude(value) >>> LOW_BITS]++;
    }
    int bucket = high.length - 1;
    int before = 0; // values of higher buckets
    for (; before + high[bucket] < k; bucket--) {
      before += high[bucket];
    }
    int[] low = new int[1 << LOW_BITS];
    for (float value : values) {
      int magnitude = magnitude(value);
      if (magnitude >>> LOW_BITS == bucket) {
        low[magnitude & (low.length - 1)]++;
      }
    }
    int rest = low.length - 1;
    for (; before + low[rest] < k; rest--) {
      before += low[rest];
    }
    return (bucket << LOW_BITS) | rest;
  }

  private static int larger(float[] values, int least) {
    int larger = 0;
    for (float value : values) {
      larger += magnitude(value) > least ? 1 : 0;
    }
    return larger;
  }

  @Override
  public boolean keepsResidual() {
    return true;
  }

  @Override
  public String toString() {
    return "topk(" + share + ")";
  }
}
