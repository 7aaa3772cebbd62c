package io.tapestream.layers;

import io.tapestream.ops.Relu;
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
  },
  /** max(z, 0). */
  RELU(io.tapestream.backend.Activation.RELU) {
    @Override
    Tensor of(Tensor z) {
      return Relu.of(z);
    }
  },
  /** 1 / (1 + e⁻ᶻ). */
  SIGMOID(io.tapestream.backend.Activation.SIGMOID) {
    @Override
    Tensor of(Tensor z) {
      return Sigmoid.of(z);
    }
  },
  /** tanh z. */
  TANH(io.tapestream.backend.Activation.TANH) {
    @Override
    Tensor of(Tensor z) {
      return Tanh.of(z);
    }
  },
  /** eᶻ / Σ eᶻ over the last axis. */
  SOFTMAX(io.tapestream.backend.Activation.LINEAR) {
    @Override
    Tensor of(Tensor z) {
      return Softmax.of(z);
    }

    @Override
    Tensor afterFused(Tensor y) {
      return Softmax.of(y);
    }
  };

  private final io.tapestream.backend.Activation fused;

  ActivationFunction(io.tapestream.backend.Activation fused) {
    this.fused = fused;
  }

  /** The function of z; the same shape. */
  abstract Tensor of(Tensor z);

  /** The part that a backend fuses into the op before; {@link #afterFused} is the rest. */
  io.tapestream.backend.Activation fused() {
    return fused;
  }

  /** What remains to be done after {@link #fused}. */
  Tensor afterFused(Tensor y) {
    return y;
  }
}
