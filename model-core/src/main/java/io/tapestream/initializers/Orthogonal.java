package io.tapestream.initializers;

import io.tapestream.random.Philox;
import io.tapestream.tensor.Shape;

/**
 * A random orthogonal matrix times a gain: its columns, or its rows if there are fewer of them, are
 * of that length and at right angles. A tensor of more axes counts as the matrix (…, last axis).
 *
 * <p>Saxe, McClelland and Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep
 * linear neural networks", 2014. Keras's default for recurrent kernels.
 *
 * @param gain the length, finite
 */
public record Orthogonal(double gain) implements Initializer {

  /** Of length 1. */
  public Orthogonal() {
    this(1);
  }

  /** Checks that the gain is finite. */
  public Orthogonal {
    Draws.finite("Orthogonal", "gain", gain);
  }

  @Override
  public float[] values(Shape shape, long key) {
    if (shape.rank() < 2) {
      throw new IllegalArgumentException(
          "Orthogonal makes tensors of at least two axes, not one of shape " + shape);
    }
    int columns = shape.dim(-1);
    int rows = columns == 0 ? 0 : shape.size() / columns;
    boolean wide = columns > rows;
    int count = Math.min(rows, columns);
    int length = Math.max(rows, columns);
    double[][] vectors = orthonormal(count, length, key);
    float[] values = new float[shape.size()];
    for (int v = 0; v < count; v++) {
      for (int i = 0; i < length; i++) {
        values[wide ? v * columns + i : i * columns + v] = (float) (gain * vectors[v][i]);
      }
    }
    return values;
  }

  /** Normal vectors, each freed of its parts along those before; twice, as once leaves rounding. */
  private static double[][] orthonormal(int count, int length, long key) {
    float[] drawn = new float[count * length];
    Philox.normal(key, 0, drawn, 0, drawn.length);
    double[][] vectors = new double[count][length];
    for (int v = 0; v < count; v++) {
      double[] vector = vectors[v];
      for (int i = 0; i < length; i++) {
        vector[i] = drawn[v * length + i];
      }
      for (int earlier = 0; earlier < 2 * v; earlier++) {
        double[] other = vectors[earlier % v];
        add(vector, -dot(vector, other), other);
      }
      double norm = Math.sqrt(dot(vector, vector));
      for (int i = 0; i < length; i++) {
        vector[i] /= norm;
      }
    }
    return vectors;
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  private static void add(double[] to, double factor, double[] vector) {
    for (int i = 0; i < to.length; i++) {
      to[i] += factor * vector[i];
    }
  }
}
