package io.tapestream.backend.nd4j;

import static io.tapestream.backend.nd4j.Nd4jTensor.array;

import io.tapestream.backend.Activation;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Binary;
import io.tapestream.backend.Unary;
import io.tapestream.backend.Window;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The backend on ND4J: names itself, and computes what layers need from the {@link Nd4jPrimitives};
 * see {@link Backend} for what each primitive computes.
 */
final class Nd4jBackend extends Nd4jLayers {
  static final String NAME = "nd4j";

  Nd4jBackend() {
    Nd4jRuntime.start();
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public boolean supports(DType dtype) {
    return dtype.isFloating();
  }

  // Layers' mathematics

  @Override
  public void matmul(
      Tensor a, boolean transposeA, Tensor b, boolean transposeB, Tensor out, boolean accumulate) {
    product(a, transposeA, array(b), transposeB, out, accumulate);
  }

  @Override
  public void biasActivation(Tensor z, Tensor bias, Activation activation, Tensor y) {
    binary(Binary.ADD, z, bias, y, false);
    activate(activation, y);
  }

  private void activate(Activation activation, Tensor y) {
    switch (activation) {
      case LINEAR -> {}
      case RELU -> unary(Unary.RELU, y, y);
      case SIGMOID -> unary(Unary.SIGMOID, y, y);
      case TANH -> unary(Unary.TANH, y, y);
    }
  }

  @Override
  public void biasActivationGradient(
      Activation activation,
      Tensor y,
      Tensor dy,
      Tensor dz,
      @Nullable Tensor dbias,
      boolean accumulateBias) {
    activationGradient(activation, y, dy, dz);
    if (dbias != null) {
      sum(1, dz, dbias, accumulateBias);
    }
  }

  // Rows

  @Override
  public void softmax(Tensor x, Tensor y) {
    Nd4jTensor.of(y).run("softmax", array(y), new long[] {-1}, NO_REALS, array(x));
  }

  @Override
  public void softmaxGradient(Tensor y, Tensor dy, Tensor dx, boolean accumulate) {
    into(
        dx,
        accumulate,
        z -> {
          Tensor product = scratch(z, 1, z.shape());
          Tensor row = scratch(z, 2, z.shape().with(-1, 1));
          binary(Binary.MULTIPLY, dy, y, product, false);
          sum(1, product, row, false);
          binary(Binary.SUBTRACT, dy, row, product, false);
          binary(Binary.MULTIPLY, y, product, z, false);
        });
  }

  /**
   * Composed, since ND4J's own log_softmax takes the logarithm of the softmax, which underflows to
   * −∞.
   */
  @Override
  public void logSoftmax(Tensor x, Tensor y) {
    if (y.size() == 0) {
      return;
    }
    Tensor exponentials = scratch(y, 1, y.shape());
    Tensor row = scratch(y, 2, y.shape().with(-1, 1));
    max(x, row);
    binary(Binary.SUBTRACT, x, row, y, false);
    unary(Unary.EXP, y, exponentials);
    sum(1, exponentials, row, false);
    unary(Unary.LOG, row, row);
    binary(Binary.SUBTRACT, y, row, y, false);
  }

  @Override
  public void logSoftmaxGradient(Tensor y, Tensor dy, Tensor dx, boolean accumulate) {
    into(
        dx,
        accumulate,
        z -> {
          Tensor product = scratch(z, 1, z.shape());
          Tensor row = scratch(z, 2, z.shape().with(-1, 1));
          unary(Unary.EXP, y, product);
          sum(1, dy, row, false);
          binary(Binary.MULTIPLY, product, row, product, false);
          binary(Binary.SUBTRACT, dy, product, z, false);
        });
  }

  @Override
  public void softmaxCrossEntropy(
      Tensor logits, Tensor labels, Tensor losses, Tensor probabilities) {
    int k = logits.dim(1);
    Tensor logarithms = scratch(probabilities, 0, logits.shape());
    logSoftmax(logits, logarithms);
    unary(Unary.EXP, logarithms, probabilities);
    if (labels.rank() == 1) {
      HostLoops.each(
          losses, false, i -> -logarithms.get(i * k + HostLoops.index(labels, i, k, "the class")));
    } else {
      binary(Binary.MULTIPLY, labels, logarithms, logarithms, false);
      reduce("reduce_sum", logarithms, Shape.of(logits.dim(0), 1), losses);
      scale(-1, losses, losses, false);
    }
  }

  @Override
  public void softmaxCrossEntropyGradient(
      Tensor probabilities, Tensor labels, Tensor dlosses, Tensor dlogits, boolean accumulate) {
    into(
        dlogits,
        accumulate,
        z -> {
          Tensor targets = scratch(z, 1, z.shape());
          Shape rows = Shape.of(z.dim(0), 1);
          if (labels.rank() == 1) {
            HostLoops.oneHot(labels, targets);
            binary(Binary.SUBTRACT, probabilities, targets, z, false);
          } else {
            Tensor mass = scratch(z, 2, rows);
            sum(1, labels, mass, false);
            binary(Binary.MULTIPLY, probabilities, mass, z, false);
            binary(Binary.SUBTRACT, z, labels, z, false);
          }
          Nd4jTensor.of(z).run("multiply", array(z), array(dlosses, rows));
        });
  }

  @Override
  public void sigmoidCrossEntropy(Tensor logits, Tensor labels, Tensor losses) {
    HostLoops.each(
        losses,
        false,
        i -> {
          double z = logits.get(i);
          return Math.max(z, 0) - z * labels.get(i) + Math.log1p(Math.exp(-Math.abs(z)));
        });
  }

  @Override
  public void sigmoidCrossEntropyGradient(
      Tensor logits, Tensor labels, Tensor dlosses, Tensor dlogits, boolean accumulate) {
    into(
        dlogits,
        accumulate,
        z -> {
          unary(Unary.SIGMOID, logits, z);
          binary(Binary.SUBTRACT, z, labels, z, false);
          binary(Binary.MULTIPLY, z, dlosses, z, false);
        });
  }

  @Override
  public void oneHot(Tensor indices, Tensor out) {
    HostLoops.oneHot(indices, out);
  }

  @Override
  public void gatherRows(Tensor table, Tensor ids, Tensor out) {
    for (int i = 0; i < ids.size(); i++) {
      HostLoops.index(ids, i, table.dim(0), "the id");
    }
    Nd4jTensor.of(out)
        .run(
            "gather",
            array(out, Shape.of(ids.size(), table.dim(1))),
            new long[] {0},
            NO_REALS,
            array(table),
            array(ids, Shape.of(ids.size())));
  }

  @Override
  public void scatterAddRows(Tensor ids, Tensor rows, Tensor table) {
    HostLoops.scatterAddRows(ids, rows, table);
  }

  @Override
  public void setRows(Tensor ids, Tensor rows, Tensor table) {
    HostLoops.setRows(ids, rows, table);
  }

  // Images

  @Override
  public void conv2d(
      Tensor x,
      Tensor filter,
      @Nullable Tensor bias,
      Activation activation,
      Window window,
      Tensor y) {
    if (y.size() == 0) {
      return;
    }
    Patches patches = new Patches(window, x.shape());
    Tensor matrix = scratch(y, 1, patches.shape());
    patches.gather(x, matrix);
    product(matrix, false, array(filter, matrixOf(filter)), false, y, false);
    if (bias != null) {
      binary(Binary.ADD, y, bias, y, false);
    }
    activate(activation, y);
  }

  @Override
  public void conv2dInputGradient(
      Tensor dz, Tensor filter, Window window, Tensor dx, boolean accumulate) {
    if (!accumulate) {
      dx.clear();
    }
    if (dz.size() > 0) {
      Patches patches = new Patches(window, dx.shape());
      Tensor matrix = scratch(dx, 1, patches.shape());
      product(dz, false, array(filter, matrixOf(filter)), true, matrix, false);
      patches.scatterAdd(matrix, dx);
    }
  }

  @Override
  public void conv2dFilterGradient(
      Tensor x, Tensor dz, Window window, Tensor dfilter, boolean accumulate) {
    if (dz.size() > 0) {
      Patches patches = new Patches(window, x.shape());
      Tensor matrix = scratch(dfilter, 1, patches.shape());
      patches.gather(x, matrix);
      product(matrix, true, array(dz, matrixOf(dz)), false, dfilter, accumulate);
    } else if (!accumulate) {
      dfilter.clear();
    }
  }

  /** The shape (everything else, channels) of images or a filter as a matrix. */
  private static Shape matrixOf(Tensor tensor) {
    int channels = tensor.dim(-1);
    return Shape.of(channels == 0 ? 0 : tensor.size() / channels, channels);
  }

  /** {@code out = op(a) · op(b)}, with a and out taken as matrices of their last axis. */
  private static void product(
      Tensor a,
      boolean transposeA,
      INDArray b,
      boolean transposeB,
      Tensor out,
      boolean accumulate) {
    if (a.size() == 0 || b.isEmpty()) { // ND4J refuses a sum of nothing
      if (!accumulate) {
        out.clear();
      }
      return;
    }
    Nd4jTensor.of(out)
        .run(
            "matmul",
            array(out, matrixOf(out)),
            new long[] {transposeA ? 1 : 0, transposeB ? 1 : 0, 0},
            new double[] {1, accumulate ? 1 : 0},
            array(a, matrixOf(a)),
            b);
  }

  @Override
  public void maxPool2d(Tensor x, Window window, Tensor y) {
    if (y.size() > 0) {
      Nd4jTensor.of(y).run("maxpool2d", array(y), Nd4jWindows.pool(window, x), NO_REALS, array(x));
    }
  }

  @Override
  public void maxPool2dGradient(
      Tensor x, Tensor y, Tensor dy, Window window, Tensor dx, boolean accumulate) {
    into(
        dx,
        accumulate,
        z ->
            Nd4jTensor.of(z)
                .run(
                    "maxpool2d_bp",
                    array(z),
                    Nd4jWindows.pool(window, x),
                    NO_REALS,
                    array(x),
                    array(dy)));
  }

  @Override
  public void averagePool2d(Tensor x, Window window, Tensor y) {
    if (y.size() > 0) {
      Nd4jTensor.of(y).run("avgpool2d", array(y), Nd4jWindows.pool(window, x), NO_REALS, array(x));
    }
  }

  @Override
  public void averagePool2dGradient(Tensor dy, Window window, Tensor dx, boolean accumulate) {
    into(
        dx,
        accumulate,
        z ->
            Nd4jTensor.of(z)
                .run(
                    "avgpool2d_bp",
                    array(z),
                    Nd4jWindows.pool(window, z),
                    NO_REALS,
                    array(z),
                    array(dy)));
  }
}
