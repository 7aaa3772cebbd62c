package io.tapestream.backend.nd4j;

import static io.tapestream.backend.nd4j.Nd4jTensor.array;

import io.tapestream.backend.Activation;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Binary;
import io.tapestream.backend.Unary;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.Arrays;
import java.util.function.Consumer;
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

/**
 * The primitives on ND4J that others are made of: elements, reductions and rearranging; see {@link
 * Backend} for what each computes.
 */
abstract class Nd4jPrimitives implements Backend {
  static final long[] NO_INTS = {};
  static final double[] NO_REALS = {};

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
    if (onHost(op)) {
      HostLoops.each(y, false, i -> HostFunctions.value(op, x.get(i)));
      return;
    }
    INDArray in = array(x);
    INDArray out = array(y);
    Nd4jTensor.of(y).run(op.name(), in, 0, () -> prepared(op, in, out));
  }

  private static boolean onHost(Unary op) {
    return op == Unary.ELU || op == Unary.GELU || op == Unary.GELU_TANH;
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
      case ELU, GELU, GELU_TANH -> throw new AssertionError(op);
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
            case ELU, GELU, GELU_TANH ->
                HostLoops.each(z, false, i -> HostFunctions.derivative(op, x.get(i)) * dy.get(i));
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

  @Override
  public void rectify(Tensor x, double slope, double threshold, double ceiling, Tensor y) {
    HostLoops.each(
        y,
        false,
        i -> {
          double value = x.get(i);
          return value >= ceiling
              ? ceiling
              : value < threshold ? slope * (value - threshold) : value;
        });
  }

  @Override
  public void rectifyGradient(
      Tensor x,
      double slope,
      double threshold,
      double ceiling,
      Tensor dy,
      Tensor dx,
      boolean accumulate) {
    HostLoops.each(
        dx,
        accumulate,
        i -> {
          double value = x.get(i);
          return dy.get(i) * (value >= ceiling ? 0 : value > threshold ? 1 : slope);
        });
  }

  /** {@code dz = dy · φ′}, from the output y; dz may be dy. */
  void activationGradient(Activation activation, Tensor y, Tensor dy, Tensor dz) {
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
  public double squares(Tensor x) {
    return HostLoops.squares(x);
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
  static void reduce(String op, Tensor x, Shape kept, Tensor out) {
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
  static void into(Tensor out, boolean accumulate, Consumer<Tensor> call) {
    if (accumulate) {
      Tensor result = scratch(out, 0, out.shape());
      call.accept(result);
      Nd4jTensor.of(out).run("add", array(out), array(result));
    } else {
      call.accept(out);
    }
  }

  static Tensor scratch(Tensor out, int k, Shape shape) {
    return scratch(out, k, out.dtype(), shape);
  }

  static Tensor scratch(Tensor out, int k, DType dtype, Shape shape) {
    return Nd4jTensor.of(out).scratch(k, dtype, shape);
  }
}
