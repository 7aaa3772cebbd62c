package io.tapestream.backend.cpu;

import io.tapestream.tensor.DType;
import io.tapestream.tensor.Tensor;
import java.nio.ByteBuffer;

/**
 * What is computed row by row: softmax, its logarithm, and the cross-entropies fused with them. A
 * row is the last axis's vector.
 */
final class Rows {
  private Rows() {}

  static void softmax(Tensor x, Tensor y) {
    int k = width(x);
    for (int row = 0; row < count(x); row++) {
      softmaxRow(x, y, row, k);
    }
  }

  /**
   * Writes a row's softmax, and returns the logarithm of its denominator with the row's maximum
   * added back: ln Σ eˣ.
   */
  private static double softmaxRow(Tensor x, Tensor y, int row, int k) {
    ByteBuffer from = x.buffer();
    ByteBuffer to = y.buffer();
    int xAt = x.byteOffset() + 4 * row * k;
    int yAt = y.byteOffset() + 4 * row * k;
    float largest = largest(from, xAt, k);
    float sum = 0;
    for (int j = 0; j < k; j++) {
      float e = FloatMath.exp(from.getFloat(xAt + 4 * j) - largest);
      to.putFloat(yAt + 4 * j, e);
      sum += e;
    }
    float share = 1f / sum;
    for (int j = 0; j < k; j++) {
      to.putFloat(yAt + 4 * j, to.getFloat(yAt + 4 * j) * share);
    }
    return largest + Math.log(sum);
  }

  private static float largest(ByteBuffer x, int at, int k) {
    float largest = Float.NEGATIVE_INFINITY;
    for (int j = 0; j < k; j++) {
      largest = Math.max(largest, x.getFloat(at + 4 * j));
    }
    return largest;
  }

  static void softmaxGradient(Tensor y, Tensor dy, Tensor dx, boolean accumulate) {
    int k = width(y);
    for (int row = 0; row < count(y); row++) {
      int first = row * k;
      float dot = 0;
      for (int j = 0; j < k; j++) {
        dot += get(dy, first + j) * get(y, first + j);
      }
      for (int j = 0; j < k; j++) {
        put(dx, first + j, get(y, first + j) * (get(dy, first + j) - dot), accumulate);
      }
    }
  }

  static void logSoftmax(Tensor x, Tensor y) {
    int k = width(x);
    for (int row = 0; row < count(x); row++) {
      int first = row * k;
      float largest = largest(x.buffer(), x.byteOffset() + 4 * first, k);
      float sum = 0;
      for (int j = 0; j < k; j++) {
        sum += FloatMath.exp(get(x, first + j) - largest);
      }
      float logarithm = (float) Math.log(sum);
      for (int j = 0; j < k; j++) {
        put(y, first + j, get(x, first + j) - largest - logarithm, false);
      }
    }
  }

  static void logSoftmaxGradient(Tensor y, Tensor dy, Tensor dx, boolean accumulate) {
    int k = width(y);
    for (int row = 0; row < count(y); row++) {
      int first = row * k;
      float sum = 0;
      for (int j = 0; j < k; j++) {
        sum += get(dy, first + j);
      }
      for (int j = 0; j < k; j++) {
        float gradient = get(dy, first + j) - FloatMath.exp(get(y, first + j)) * sum;
        put(dx, first + j, gradient, accumulate);
      }
    }
  }

  static void softmaxCrossEntropy(
      Tensor logits, Tensor labels, Tensor losses, Tensor probabilities) {
    int k = width(logits);
    boolean classes = areClasses(labels, logits);
    for (int row = 0; row < count(logits); row++) {
      int first = row * k;
      int label = classes ? index(labels, row, k) : 0;
      double logSum = softmaxRow(logits, probabilities, row, k);
      double loss = 0;
      if (classes) {
        loss = logSum - get(logits, first + label);
      } else {
        for (int j = 0; j < k; j++) {
          float share = get(labels, first + j);
          if (share != 0) {
            loss += share * (logSum - get(logits, first + j));
          }
        }
      }
      put(losses, row, (float) loss, false);
    }
  }

  static void softmaxCrossEntropyGradient(
      Tensor probabilities, Tensor labels, Tensor dlosses, Tensor dlogits, boolean accumulate) {
    int k = width(probabilities);
    boolean classes = areClasses(labels, probabilities);
    for (int row = 0; row < count(probabilities); row++) {
      int first = row * k;
      float dloss = get(dlosses, row);
      int label = classes ? index(labels, row, k) : 0;
      float total = 1;
      if (!classes) {
        total = 0;
        for (int j = 0; j < k; j++) {
          total += get(labels, first + j);
        }
      }
      for (int j = 0; j < k; j++) {
        float target = classes ? (j == label ? 1f : 0f) : get(labels, first + j);
        put(
            dlogits,
            first + j,
            dloss * (get(probabilities, first + j) * total - target),
            accumulate);
      }
    }
  }

  static void sigmoidCrossEntropy(Tensor logits, Tensor labels, Tensor losses) {
    for (int i = 0; i < logits.size(); i++) {
      float z = get(logits, i);
      double loss = Math.max(z, 0f) - z * get(labels, i) + Math.log1p(FloatMath.exp(-Math.abs(z)));
      put(losses, i, (float) loss, false);
    }
  }

  static void sigmoidCrossEntropyGradient(
      Tensor logits, Tensor labels, Tensor dlosses, Tensor dlogits, boolean accumulate) {
    for (int i = 0; i < logits.size(); i++) {
      float gradient = get(dlosses, i) * (FloatMath.sigmoid(get(logits, i)) - get(labels, i));
      put(dlogits, i, gradient, accumulate);
    }
  }

  static void oneHot(Tensor indices, Tensor out) {
    int k = width(out);
    out.clear();
    for (int row = 0; row < indices.size(); row++) {
      put(out, row * k + index(indices, row, k), 1f, false);
    }
  }

  /** Labels of one class per row have one axis less than the predictions, or are integers. */
  private static boolean areClasses(Tensor labels, Tensor predictions) {
    return labels.rank() < predictions.rank();
  }

  private static int index(Tensor indices, int row, int k) {
    double index = indices.get(row);
    if (!(index >= 0 && index < k && index == Math.rint(index))) {
      throw new IllegalArgumentException(
          "row " + row + " names class " + index(indices, row) + ", not one of 0 to " + (k - 1));
    }
    return (int) index;
  }

  private static String index(Tensor indices, int row) {
    double index = indices.get(row);
    return indices.dtype() == DType.INT64 ? Long.toString((long) index) : Double.toString(index);
  }

  private static int width(Tensor rows) {
    return rows.rank() == 0 ? 1 : rows.dim(-1);
  }

  private static int count(Tensor rows) {
    int width = width(rows);
    return width == 0 ? 0 : rows.size() / width;
  }

  private static float get(Tensor tensor, int i) {
    return tensor.buffer().getFloat(tensor.byteOffset() + 4 * i);
  }

  private static void put(Tensor tensor, int i, float value, boolean accumulate) {
    PlainKernels.put(tensor.buffer(), tensor.byteOffset() + 4 * i, value, accumulate);
  }
}
