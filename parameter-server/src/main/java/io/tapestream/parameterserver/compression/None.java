package io.tapestream.parameterserver.compression;

import io.tapestream.parameterserver.Gradient;

/** Every bit of the gradient: four bytes a parameter. */
public record None() implements Compression {

  @Override
  public Gradient compress(float[] gradient, float[] residual, int from) {
    return new Gradient.Dense(gradient);
  }

  @Override
  public int bytes(int length) {
    return Float.BYTES * length;
  }

  @Override
  public boolean keepsResidual() {
    return false;
  }

  @Override
  public String toString() {
    return "none";
  }
}
