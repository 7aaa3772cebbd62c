package io.tapestream.autodiff;

import io.tapestream.tensor.Tensor;

/**
 * The gradient rule of one op: from the gradient of its output to those of its inputs. It calls
 * backend primitives, no ops.
 */
@FunctionalInterface
public interface Rule {
  /**
   * Adds this op's share to the gradients of its inputs.
   *
   * @param dy the gradient of the output, of its shape; not to be changed
   * @param adjoints takes the gradients of the inputs
   */
  void apply(Tensor dy, Adjoints adjoints);
}
