package io.tapestream.layers;

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
  },
  /** z where z > 0, else eᶻ − 1. */
  ELU(io.tapestream.backend.Activation.LINEAR) {
    @Override
    Tensor of(Tensor z) {
      return Elu.of(z);
    }
  },
  /**
   * λz where z > 0, else λα(eᶻ − 1), with λ and α such that zero mean and unit variance are kept
   * from layer to layer; Klambauer et al., "Self-normalizing neural networks", 2017.
   */
  SELU(io.tapestream.backend.Activation.LINEAR) {
    @Override
    Tensor of(Tensor z) {
      return Scale.of(io.tapestream.layers.ELU.of(z, 1.6732632423543772), 1.0507009873554805);
    }
  },
  /** z · Φ(z), Φ the standard normal distribution function. */
  GELU(io.tapestream.backend.Activation.LINEAR) {
    @Override
    Tensor of(Tensor z) {
      return Gelu.of(z, false);
    }
  },
  /** The approximation of {@link #GELU} by tanh; Keras's {@code gelu(approximate=True)}. */
  GELU_TANH(io.tapestream.backend.Activation.LINEAR) {
    @Override
    Tensor of(Tensor z) {
      return Gelu.of(z, true);
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

  /** Whether nothing remains to be done after {@link #fused}. */
  boolean isFused() {
    return this == LINEAR || fused != io.tapestream.backend.Activation.LINEAR;
  }

  /** What remains to be done after {@link #fused}. */
  Tensor afterFused(Tensor y) {
    return isFused() ? y : of(y);
  }
}
