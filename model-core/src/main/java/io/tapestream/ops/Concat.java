package io.tapestream.ops;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.List;

/** Tensors laid side by side along one axis; each gets its own stretch of dY. */
public final class Concat {
  private Concat() {}

  /**
   * Computes Y.
   *
   * @param axis along which they are laid, from 0 or, backwards, from -1
   * @param parts at least one, all of one shape but for that axis
   * @return y, as long along the axis as its parts together
   */
  public static Tensor of(int axis, List<Tensor> parts) {
    Tensor[] inputs = parts.toArray(Tensor[]::new);
    if (inputs.length == 0) {
      throw new IllegalArgumentException("Concat expects at least one tensor; given none");
    }
    Check.floating("Concat", inputs);
    Shape first = inputs[0].shape();
    int along = first.axis(axis);
    int length = 0;
    for (Tensor input : inputs) {
      Check.shapes(
          input.rank() == first.rank() && input.shape().with(along, 0).equals(first.with(along, 0)),
          "Concat",
          "one shape but for axis " + axis,
          inputs);
      length += input.dim(along);
    }
    Backend backend = Backends.of(inputs[0].dtype());
    Tensor y = Tensor.allocate(inputs[0].dtype(), first.with(along, length));
    int from = 0;
    for (Tensor input : inputs) {
      backend.copyRange(input, 0, y, from, along, input.dim(along), false);
      from += input.dim(along);
    }
    return GradientTape.record(
        y,
        (dy, adjoints) -> {
          int start = 0;
          for (Tensor input : inputs) {
            int here = start;
            adjoints.add(
                input,
                (dx, accumulate) ->
                    backend.copyRange(dy, here, dx, 0, along, input.dim(along), accumulate));
            start += input.dim(along);
          }
        },
        (dy, adjoints) -> {
          int start = 0;
          for (Tensor input : inputs) {
            int here = start;
            int next = start + input.dim(along);
            adjoints.add(input, () -> Slice.of(dy, along, here, next));
            start = next;
          }
        },
        inputs);
  }
}
