package io.tapestream.backend.nd4j;

import io.tapestream.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Normalization of columns and of rows as plain loops over doubles; see {@link
 * io.tapestream.backend.Backend} for what each computes.
 */
final class HostNormalization {
  private HostNormalization() {}

  static void moments(Tensor x, Tensor mean, Tensor variance) {
    int k = mean.size();
    double[] values = x.toDoubles();
    double rows = k == 0 ? 0 : values.length / (double) k;
    double[] means = new double[k];
    for (int i = 0; i < values.length; i++) {
      means[i % k] += values[i] / rows;
    }
    double[] squares = new double[k];
    for (int i = 0; i < values.length; i++) {
      double centered = values[i] - means[i % k];
      squares[i % k] += centered * centered / rows;
    }
    write(means, mean, false);
    write(squares, variance, false);
  }

  static void normalize(
      Tensor x,
      Tensor mean,
      Tensor variance,
      @Nullable Tensor gamma,
      @Nullable Tensor beta,
      double epsilon,
      Tensor y) {
    int k = mean.size();
    double[] normal = normal(x, mean, variance, epsilon);
    double[] factor = or(gamma, 1, k);
    double[] shift = or(beta, 0, k);
    HostLoops.each(y, false, i -> normal[i] * factor[i % k] + shift[i % k]);
  }

  static void normalizeSums(
      Tensor x,
      Tensor mean,
      Tensor variance,
      double epsilon,
      Tensor dy,
      Tensor dgamma,
      Tensor dbeta) {
    int k = mean.size();
    double[] normal = normal(x, mean, variance, epsilon);
    double[] gradient = dy.toDoubles();
    double[] products = new double[k];
    double[] sums = new double[k];
    for (int i = 0; i < gradient.length; i++) {
      products[i % k] += gradient[i] * normal[i];
      sums[i % k] += gradient[i];
    }
    write(products, dgamma, false);
    write(sums, dbeta, false);
  }

  static void normalizeGradient(
      Tensor x,
      Tensor mean,
      Tensor variance,
      @Nullable Tensor gamma,
      double epsilon,
      Tensor dy,
      Tensor dgamma,
      Tensor dbeta,
      Tensor dx,
      boolean accumulate) {
    int k = mean.size();
    double[] normal = normal(x, mean, variance, epsilon);
    double rows = k == 0 ? 0 : normal.length / (double) k;
    double[] factor = or(gamma, 1, k);
    double[] spread = variance.toDoubles();
    double[] gradient = dy.toDoubles();
    double[] products = dgamma.toDoubles();
    double[] sums = dbeta.toDoubles();
    HostLoops.each(
        dx,
        accumulate,
        i -> {
          int j = i % k;
          double own = gradient[i] - sums[j] / rows - normal[i] * products[j] / rows;
          return factor[j] / Math.sqrt(spread[j] + epsilon) * own;
        });
  }

  /** x̂, by columns. */
  private static double[] normal(Tensor x, Tensor mean, Tensor variance, double epsilon) {
    double[] normal = x.toDoubles();
    double[] means = mean.toDoubles();
    double[] spread = variance.toDoubles();
    for (int i = 0; i < normal.length; i++) {
      int j = i % means.length;
      normal[i] = (normal[i] - means[j]) / Math.sqrt(spread[j] + epsilon);
    }
    return normal;
  }

  static void normalizeRows(
      Tensor x,
      @Nullable Tensor gamma,
      @Nullable Tensor beta,
      double epsilon,
      Tensor y,
      Tensor mean,
      Tensor scale) {
    int k = x.dim(-1);
    double[] values = x.toDoubles();
    double[] means = new double[mean.size()];
    double[] scales = new double[mean.size()];
    for (int row = 0; row < means.length; row++) {
      double squares = 0;
      for (int i = row * k; i < (row + 1) * k; i++) {
        means[row] += values[i] / k;
      }
      for (int i = row * k; i < (row + 1) * k; i++) {
        squares += (values[i] - means[row]) * (values[i] - means[row]);
      }
      scales[row] = 1 / Math.sqrt(squares / k + epsilon);
    }
    write(means, mean, false);
    write(scales, scale, false);
    double[] factor = or(gamma, 1, k);
    double[] shift = or(beta, 0, k);
    HostLoops.each(
        y, false, i -> (values[i] - means[i / k]) * scales[i / k] * factor[i % k] + shift[i % k]);
  }

  static void normalizeRowsGradient(
      Tensor x,
      Tensor mean,
      Tensor scale,
      @Nullable Tensor gamma,
      Tensor dy,
      Tensor dx,
      boolean accumulate) {
    int k = x.dim(-1);
    double[] normal = normalRows(x, mean, scale);
    double[] scales = scale.toDoubles();
    double[] factor = or(gamma, 1, k);
    double[] g = dy.toDoubles();
    double[] sums = new double[scales.length];
    double[] products = new double[scales.length];
    for (int i = 0; i < g.length; i++) {
      g[i] *= factor[i % k];
      sums[i / k] += g[i];
      products[i / k] += g[i] * normal[i];
    }
    HostLoops.each(
        dx,
        accumulate,
        i -> scales[i / k] * (g[i] - sums[i / k] / k - normal[i] * products[i / k] / k));
  }

  static void normalizeRowsSums(
      Tensor x, Tensor mean, Tensor scale, Tensor dy, Tensor dgamma, boolean accumulate) {
    int k = x.dim(-1);
    double[] normal = normalRows(x, mean, scale);
    double[] gradient = dy.toDoubles();
    double[] products = new double[k];
    for (int i = 0; i < gradient.length; i++) {
      products[i % k] += gradient[i] * normal[i];
    }
    write(products, dgamma, accumulate);
  }

  /** x̂, by rows. */
  private static double[] normalRows(Tensor x, Tensor mean, Tensor scale) {
    int k = x.dim(-1);
    double[] normal = x.toDoubles();
    double[] means = mean.toDoubles();
    double[] scales = scale.toDoubles();
    for (int i = 0; i < normal.length; i++) {
      normal[i] = (normal[i] - means[i / k]) * scales[i / k];
    }
    return normal;
  }

  private static double[] or(@Nullable Tensor column, double otherwise, int k) {
    if (column != null) {
      return column.toDoubles();
    }
    double[] same = new double[k];
    Arrays.fill(same, otherwise);
    return same;
  }

  private static void write(double[] values, Tensor out, boolean accumulate) {
    HostLoops.each(out, accumulate, i -> values[i]);
  }
}
