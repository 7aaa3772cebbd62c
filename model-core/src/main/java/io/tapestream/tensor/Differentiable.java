package io.tapestream.tensor;

/** What a gradient can be asked for: a tensor, or something that holds one, such as a variable. */
public interface Differentiable {
  /** The tensor in question. */
  Tensor tensor();
}
