package io.tapestream.layers;

import io.tapestream.onnx.OnnxCall;
import io.tapestream.onnx.OnnxValue;
import io.tapestream.ops.Elu;
import io.tapestream.ops.Gelu;
import io.tapestream.ops.Relu;
import io.tapestream.ops.Scale;
import io.tapestream.ops.Sigmoid;
import io.tapestream.ops.Softmax;
import io.tapestream.ops.Tanh;
import io.tapestream.tensor.Tensor;

/** What a layer does to each of its outputs z, by Keras's names. */
public enum ActivationFunction {
  /** z. */
  LINEAR(io.tapestream.backend.Activation.LINEAR) {
    @Override
    Tensor of(Tensor z) {
      return z;
    }

    @Override
    OnnxValue onnx(OnnxCall call, OnnxValue z) {
      return z;
    }
  },
  /** max(z, 0). */
  RELU(io.tapestream.backend.Activation.RELU) {
    @Override
    Tensor of(Tensor z) {
      return Relu.of(z);
    }

    @Override
    OnnxValue onnx(OnnxCall call, OnnxValue z) {
      return call.eachElement(z, x -> call.op("Relu").of(x));
    }
  },
  /** 1 / (1 + e⁻ᶻ). */
  SIGMOID(io.tapestream.backend.Activation.SIGMOID) {
    @Override
    Tensor of(Tensor z) {
      return Sigmoid.of(z);
    }

    @Override
    OnnxValue onnx(OnnxCall call, OnnxValue z) {
      return call.eachElement(z, x -> call.op("Sigmoid").of(x));
    }
  },
  /** tanh z. */
  TANH(io.tapestream.backend.Activation.TANH) {
    @Override
    Tensor of(Tensor z) {
      return Tanh.of(z);
    }

    @Override
    OnnxValue onnx(OnnxCall call, OnnxValue z) {
      return call.eachElement(z, x -> call.op("Tanh").of(x));
    }
  },
  /** eᶻ / Σ eᶻ over the last axis. */
  SOFTMAX(io.tapestream.backend.Activation.LINEAR) {
    @Override
    Tensor of(Tensor z) {
      return Softmax.of(z);
    }

    @Override
    OnnxValue onnx(OnnxCall call, OnnxValue z) {
      return call.op("Softmax").integer("axis", -1).of(z);
    }
  },
  /** z where z > 0, else eᶻ − 1. */
  ELU(io.tapestream.backend.Activation.LINEAR) {
    @Override
    Tensor of(Tensor z) {
      return Elu.of(z);
    }

    @Override
    OnnxValue onnx(OnnxCall call, OnnxValue z) {
      return call.eachElement(z, x -> call.op("Elu").number("alpha", 1).of(x));
    }
  },
  /**
   * λz where z > 0, else λα(eᶻ − 1), with λ and α such that zero mean and unit variance are kept
   * from layer to layer; Klambauer et al., "Self-normalizing neural networks", 2017.
   */
  SELU(io.tapestream.backend.Activation.LINEAR) {
    @Override
    Tensor of(Tensor z) {
      return Scale.of(io.tapestream.layers.ELU.of(z, SELU_ALPHA), SELU_SCALE);
    }

    @Override
    OnnxValue onnx(OnnxCall call, OnnxValue z) {
      return call.eachElement(
          z, x -> call.op("Selu").number("alpha", SELU_ALPHA).number("gamma", SELU_SCALE).of(x));
    }
  },
  /** z · Φ(z), Φ the standard normal distribution function. */
  GELU(io.tapestream.backend.Activation.LINEAR) {
    @Override
    Tensor of(Tensor z) {
      return Gelu.of(z, false);
    }

    @Override
    OnnxValue onnx(OnnxCall call, OnnxValue z) {
      return call.eachElement(
          z,
          x -> {
            OnnxValue inUnits = call.op("Div").of(x, call.scalar("root_of_two", Math.sqrt(2)));
            OnnxValue one = call.scalar("one", 1);
            OnnxValue twicePhi = call.op("Add").of(call.op("Erf").of(inUnits), one);
            return call.op("Mul").of(call.op("Mul").of(x, twicePhi), call.scalar("half", 0.5));
          });
    }
  },
  /** The approximation of {@link #GELU} by tanh; Keras's {@code gelu(approximate=True)}. */
  GELU_TANH(io.tapestream.backend.Activation.LINEAR) {
    @Override
    Tensor of(Tensor z) {
      return Gelu.of(z, true);
    }

    @Override
    OnnxValue onnx(OnnxCall call, OnnxValue z) {
      return call.eachElement(
          z,
          x -> {
            OnnxValue cube = call.op("Mul").of(call.op("Mul").of(x, x), x);
            OnnxValue bent = call.op("Mul").of(cube, call.scalar("cubic", 0.044715));
            OnnxValue sum = call.op("Add").of(x, bent);
            OnnxValue inUnits =
                call.op("Mul").of(sum, call.scalar("root_of_two_by_pi", Math.sqrt(2 / Math.PI)));
            OnnxValue one = call.scalar("one", 1);
            OnnxValue twicePhi = call.op("Add").of(call.op("Tanh").of(inUnits), one);
            return call.op("Mul").of(call.op("Mul").of(x, twicePhi), call.scalar("half", 0.5));
          });
    }
  };

  private static final double SELU_ALPHA = 1.6732632423543772;
  private static final double SELU_SCALE = 1.0507009873554805;

  private final io.tapestream.backend.Activation fused;

  ActivationFunction(io.tapestream.backend.Activation fused) {
    this.fused = fused;
  }

  /** The function of z; the same shape. */
  abstract Tensor of(Tensor z);

  /** The same as nodes of the graph in which a layer is being written. */
  abstract OnnxValue onnx(OnnxCall call, OnnxValue z);

  /** The part that a backend fuses into the op before; {@link #afterFused} is the rest. */
  io.tapestream.backend.Activation fused() {
    return fused;
  }

  /** Whether nothing remains to be done after {@link #fused}. */
  boolean isFused() {
    return this == LINEAR || fused != io.tapestream.backend.Activation.LINEAR;
  }

  /** What remains to be done after {@link #fused}. */
  Tensor afterFused(Tensor y) {
    return isFused() ? y : of(y);
  }
}
