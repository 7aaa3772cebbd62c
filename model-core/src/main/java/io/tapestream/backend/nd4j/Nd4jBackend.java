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
import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.Op;
import org.nd4j.linalg.api.ops.impl.scalar.RectifiedLinear;
import org.nd4j.linalg.api.ops.impl.scalar.ScalarMultiplication;
import org.nd4j.linalg.api.ops.impl.scalar.ScalarSet;
import org.nd4j.linalg.api.ops.impl.transforms.floating.Sqrt;
import org.nd4j.linalg.api.ops.impl.transforms.same.Abs;
import org.nd4j.linalg.api.ops.impl.transforms.same.Negative;
import org.nd4j.linalg.api.ops.impl.transforms.same.Square;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Exp;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Log;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Sigmoid;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Tanh;

/** The backend on ND4J; see {@link Backend} for what each primitive computes. */
final class Nd4jBackend implements Backend {
  static final String NAME = "nd4j";

  private static final long[] NO_INTS = {};
  private static final double[] NO_REALS = {};

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

  // Elements

  @Override
  public void fill(Tensor out, double value) {
    INDArray z = array(out);
    Nd4jTensor.of(out).run("fill", z, value, () -> new ScalarSet(z, null, z, value));
  }

  @Override
  public void copy(Tensor in, Tensor out) {
    if (in.dtype() == out.dtype()) {
      out.copyFrom(in);
    } else {
      HostLoops.each(out, false, in::get);
    }
  }

  @Override
  public void binary(Binary op, Tensor a, Tensor b, Tensor out, boolean accumulate) {
    if (op == Binary.EQUAL) {
      HostLoops.equal(a, b, out, accumulate);
      return;
    }
    String name =
        switch (op) {
          case ADD -> "add";
          case SUBTRACT -> "subtract";
          case MULTIPLY -> "multiply";
          case DIVIDE -> "divide";
          case EQUAL -> throw new AssertionError(op);
        };
    into(out, accumulate, y -> Nd4jTensor.of(y).run(name, array(a), array(b)));
  }

  @Override
  public void scale(double factor, Tensor x, Tensor out, boolean accumulate) {
    INDArray in = array(x);
    Nd4jTensor target = Nd4jTensor.of(out);
    if (!x.shape().equals(out.shape())) {
      into(
          out,
          accumulate,
          y -> {
            fill(y, factor);
            Nd4jTensor.of(y).run("multiply", in, array(y));
          });
    } else if (accumulate) {
      target.run("axpy", array(out), NO_INTS, new double[] {factor}, array(out), in);
    } else {
      INDArray z = array(out);
      target.run("scale", in, factor, () -> new ScalarMultiplication(in, null, z, factor));
    }
  }

  @Override
  public void unary(Unary op, Tensor x, Tensor y) {
    INDArray in = array(x);
    INDArray out = array(y);
    Nd4jTensor.of(y).run(op.name(), in, 0, () -> prepared(op, in, out));
  }

  private static Op prepared(Unary op, INDArray x, INDArray y) {
    return switch (op) {
      case EXP -> new Exp(x, y);
      case LOG -> new Log(x, y);
      case SQRT -> new Sqrt(x, y);
      case SQUARE -> new Square(x, y);
      case NEGATIVE -> new Negative(x, y);
      case ABS -> new Abs(x, y);
      case RELU -> new RectifiedLinear(x, y, 0);
      case SIGMOID -> new Sigmoid(x, y);
      case TANH -> new Tanh(x, y);
    };
  }

  @Override
  public void unaryGradient(
      Unary op, Tensor x, Tensor y, Tensor dy, Tensor dx, boolean accumulate) {
    into(
        dx,
        accumulate,
        z -> {
          switch (op) {
            case EXP -> binary(Binary.MULTIPLY, dy, y, z, false);
            case LOG -> binary(Binary.DIVIDE, dy, x, z, false);
            case SQRT -> {
              binary(Binary.DIVIDE, dy, y, z, false);
              scale(0.5, z, z, false);
            }
            case SQUARE -> {
              binary(Binary.MULTIPLY, dy, x, z, false);
              scale(2, z, z, false);
            }
            case NEGATIVE -> scale(-1, dy, z, false);
            case ABS -> HostLoops.each(z, false, i -> Math.signum(x.get(i)) * dy.get(i));
            case RELU -> activationGradient(Activation.RELU, y, dy, z);
            case SIGMOID -> activationGradient(Activation.SIGMOID, y, dy, z);
            case TANH -> activationGradient(Activation.TANH, y, dy, z);
          }
        });
  }

  @Override
  public void clip(Tensor x, double low, double high, Tensor y) {
    Nd4jTensor.of(y).run("clipbyvalue", array(y), NO_INTS, new double[] {low, high}, array(x));
  }

  @Override
  public void clipGradient(
      Tensor x, double low, double high, Tensor dy, Tensor dx, boolean accumulate) {
    HostLoops.each(dx, accumulate, i -> x.get(i) >= low && x.get(i) <= high ? dy.get(i) : 0);
  }

  // Layers' mathematics

  @Override
  public void matmul(
      Tensor a, boolean transposeA, Tensor b, boolean transposeB, Tensor out, boolean accumulate) {
    if (a.size() == 0) {
      if (!accumulate) {
        out.clear();
      }
      return;
    }
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

  /** {@code dz = dy · φ′}, from the output y; dz may be dy. */
  private void activationGradient(Activation activation, Tensor y, Tensor dy, Tensor dz) {
    switch (activation) {
      case LINEAR -> {
        if (dz != dy) {
          dz.copyFrom(dy);
        }
      }
      case RELU -> Nd4jTensor.of(dz).run("relu_bp", array(y), array(dy));
      case SIGMOID -> {
        Tensor slope = scratch(dz, 1, dz.shape());
        binary(Binary.MULTIPLY, y, y, slope, false);
        binary(Binary.SUBTRACT, y, slope, slope, false);
        binary(Binary.MULTIPLY, dy, slope, dz, false);
      }
      case TANH -> {
        Tensor lost = scratch(dz, 1, dz.shape());
        binary(Binary.MULTIPLY, y, y, lost, false);
        binary(Binary.MULTIPLY, dy, lost, lost, false);
        binary(Binary.SUBTRACT, dy, lost, dz, false);
      }
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

  // Reductions

  @Override
  public void sum(double factor, Tensor x, Tensor out, boolean accumulate) {
    if (x.size() == 0) {
      if (!accumulate) {
        out.clear();
      }
      return;
    }
    Shape kept = aligned(out.shape(), x.rank());
    if (kept.equals(x.shape())) {
      into(
          out,
          accumulate,
          y -> {
            INDArray in = array(x, y.shape());
            INDArray z = array(y);
            Nd4jTensor.of(y)
                .run("scale", in, factor, () -> new ScalarMultiplication(in, null, z, factor));
          });
    } else {
      into(
          out,
          accumulate,
          y -> {
            reduce("reduce_sum", x, kept, y);
            if (factor != 1) {
              scale(factor, y, y, false);
            }
          });
    }
  }

  @Override
  public void max(Tensor x, Tensor out) {
    if (x.size() == 0) {
      fill(out, Double.NEGATIVE_INFINITY);
      return;
    }
    Shape kept = aligned(out.shape(), x.rank());
    if (kept.equals(x.shape())) {
      out.copyFrom(x);
    } else {
      reduce("reduce_max", x, kept, out);
    }
  }

  /** Reduces the axes along which kept, of x's rank, has length 1. */
  private static void reduce(String op, Tensor x, Shape kept, Tensor out) {
    int reduced = 0;
    long[] axes = new long[x.rank()];
    for (int axis = 0; axis < x.rank(); axis++) {
      if (kept.dim(axis) == 1 && x.dim(axis) != 1) {
        axes[reduced++] = axis;
      }
    }
    Nd4jTensor.of(out)
        .run(op, array(out, kept), Arrays.copyOf(axes, reduced), new double[] {1}, array(x));
  }

  /** The shape with axes of length 1 put in front up to a rank. */
  private static Shape aligned(Shape shape, int rank) {
    Shape aligned = shape;
    while (aligned.rank() < rank) {
      aligned = aligned.prepend(1);
    }
    return aligned;
  }

  @Override
  public void argmax(Tensor x, Tensor out) {
    Nd4jTensor.of(out)
        .run(
            "argmax",
            array(out, Shape.of(out.size())),
            new long[] {1},
            NO_REALS,
            array(x, Shape.of(out.size(), x.dim(-1))));
  }

  // Rearranging

  @Override
  public void permute(Tensor x, int[] axes, Tensor out, boolean accumulate) {
    long[] order = Arrays.stream(axes).asLongStream().toArray();
    into(
        out, accumulate, y -> Nd4jTensor.of(y).run("permute", array(y), order, NO_REALS, array(x)));
  }

  @Override
  public void copyRange(
      Tensor x, int xFrom, Tensor out, int outFrom, int axis, int length, boolean accumulate) {
    HostLoops.copyRange(x, xFrom, out, outFrom, axis, length, accumulate);
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

  // Chance

  @Override
  public void dropout(Tensor x, double rate, long key, int firstRow, Tensor y, boolean accumulate) {
    HostLoops.dropout(x, rate, key, firstRow, y, accumulate);
  }

  // What calls into an output are made of

  /**
   * Runs a call that overwrites, on the output or, if it is to be added to, on scratch that is
   * added then.
   */
  private static void into(Tensor out, boolean accumulate, Consumer<Tensor> call) {
    if (accumulate) {
      Tensor result = scratch(out, 0, out.shape());
      call.accept(result);
      Nd4jTensor.of(out).run("add", array(out), array(result));
    } else {
      call.accept(out);
    }
  }

  private static Tensor scratch(Tensor out, int k, Shape shape) {
    return scratch(out, k, out.dtype(), shape);
  }

  private static Tensor scratch(Tensor out, int k, DType dtype, Shape shape) {
    return Nd4jTensor.of(out).scratch(k, dtype, shape);
  }
}
