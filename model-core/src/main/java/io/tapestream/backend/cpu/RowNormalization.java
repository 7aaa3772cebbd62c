package io.tapestream.backend.cpu;

import io.tapestream.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Normalization of rows. A row is copied to the heap, where the compiler makes vector instructions
 * of the loops by itself; sums are collected in double.
 */
final class RowNormalization {
  private RowNormalization() {}

  static void normalize(
      Tensor x,
      @Nullable Tensor gamma,
      @Nullable Tensor beta,
      double epsilon,
      Tensor y,
      Tensor mean,
      Tensor scale) {
    int k = x.dim(-1);
    int rows = mean.size();
    float[] row = new float[k];
    float[] gammas = or(gamma, 1f, k);
    float[] betas = or(beta, 0f, k);
    float[] means = new float[rows];
    float[] scales = new float[rows];
    for (int r = 0; r < rows; r++) {
      x.read(r * k, row, 0, k);
      float center = (float) (sum(row) / k);
      for (int j = 0; j < k; j++) {
        row[j] -= center;
      }
      float factor = (float) (1 / Math.sqrt(dot(row, row) / k + epsilon));
      for (int j = 0; j < k; j++) {
        row[j] = row[j] * factor * gammas[j] + betas[j];
      }
      y.write(r * k, row, 0, k);
      means[r] = center;
      scales[r] = factor;
    }
    mean.write(0, means, 0, rows);
    scale.write(0, scales, 0, rows);
  }

  static void gradient(
      Tensor x,
      Tensor mean,
      Tensor scale,
      @Nullable Tensor gamma,
      Tensor dy,
      Tensor dx,
      boolean accumulate) {
    int k = x.dim(-1);
    float[] normal = new float[k];
    float[] g = new float[k];
    float[] before = new float[k];
    float[] gammas = or(gamma, 1f, k);
    float[] means = mean.toFloats();
    float[] scales = scale.toFloats();
    for (int r = 0; r < means.length; r++) {
      read(x, r, means[r], scales[r], normal);
      dy.read(r * k, g, 0, k);
      for (int j = 0; j < k; j++) {
        g[j] *= gammas[j];
      }
      float shift = (float) (sum(g) / k);
      float along = (float) (dot(g, normal) / k);
      if (accumulate) {
        dx.read(r * k, before, 0, k);
      }
      float factor = scales[r];
      for (int j = 0; j < k; j++) {
        g[j] = before[j] + factor * (g[j] - shift - normal[j] * along);
      }
      dx.write(r * k, g, 0, k);
    }
  }

  static void sums(
      Tensor x, Tensor mean, Tensor scale, Tensor dy, Tensor dgamma, boolean accumulate) {
    int k = x.dim(-1);
    float[] normal = new float[k];
    float[] g = new float[k];
    float[] means = mean.toFloats();
    float[] scales = scale.toFloats();
    double[] total = new double[k];
    for (int r = 0; r < means.length; r++) {
      read(x, r, means[r], scales[r], normal);
      dy.read(r * k, g, 0, k);
      for (int j = 0; j < k; j++) {
        total[j] += (double) g[j] * normal[j];
      }
    }
    for (int j = 0; j < k; j++) {
      PlainKernels.put(dgamma.buffer(), dgamma.byteOffset() + 4 * j, (float) total[j], accumulate);
    }
  }

  /** A row of x, normalized. */
  private static void read(Tensor x, int row, float mean, float scale, float[] into) {
    x.read(row * into.length, into, 0, into.length);
    for (int j = 0; j < into.length; j++) {
      into[j] = (into[j] - mean) * scale;
    }
  }

  /** Over four interleaved sums, so that one addition needn't wait for the other. */
  private static double sum(float[] a) {
    double s0 = 0;
    double s1 = 0;
    double s2 = 0;
    double s3 = 0;
    int j = 0;
    for (; j + 3 < a.length; j += 4) {
      s0 += a[j];
      s1 += a[j + 1];
      s2 += a[j + 2];
      s3 += a[j + 3];
    }
    for (; j < a.length; j++) {
      s0 += a[j];
    }
    return (s0 + s1) + (s2 + s3);
  }

  private static double dot(float[] a, float[] b) {
    double s0 = 0;
    double s1 = 0;
    double s2 = 0;
    double s3 = 0;
    int j = 0;
    for (; j + 3 < a.length; j += 4) {
      s0 += (double) a[j] * b[j];
      s1 += (double) a[j + 1] * b[j + 1];
      s2 += (double) a[j + 2] * b[j + 2];
      s3 += (double) a[j + 3] * b[j + 3];
    }
    for (; j < a.length; j++) {
      s0 += (double) a[j] * b[j];
    }
    return (s0 + s1) + (s2 + s3);
  }

  private static float[] or(@Nullable Tensor column, float otherwise, int k) {
    if (column != null) {
      return column.toFloats();
    }
    float[] same = new float[k];
    Arrays.fill(same, otherwise);
    return same;
  }
}
