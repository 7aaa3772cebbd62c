package io.tapestream.autodiff;

import io.tapestream.tensor.Tensor;

/**
 * The gradient rule of one op: from the gradient of its output to those of its inputs. It comes in
 * two forms. One calls backend primitives ({@link Adjoints.Kernel}): it is fast, and nothing sees
 * what it does. The other is made of ops, which other tapes record, so that its gradients have
 * gradients themselves. A rule that only passes gradients on, or is made of ops, serves as both.
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
