package io.tapestream.autodiff;

import io.tapestream.backend.Backends;
import io.tapestream.backend.Binary;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.List;

/**
 * What a tape itself computes between rules, as ops, for other tapes to record. The ops of users
 * are made for tapes and can't be used by one.
 */
final class Recorded {
  private Recorded() {}

  /** {@code Y = A + B}, of one shape. */
  static Tensor add(Tensor a, Tensor b) {
    Tensor y = Tensor.allocate(a.dtype(), a.shape());
    Backends.of(a.dtype()).binary(Binary.ADD, a, b, y, false);
    return GradientTape.record(
        y,
        (dy, adjoints) -> {
          adjoints.pass(a, dy);
          adjoints.pass(b, dy);
        },
        a,
        b);
  }

  /** {@code Y = X} under another shape; itself if it has it. */
  static Tensor reshape(Tensor x, Shape shape) {
    return x.shape().equals(shape)
        ? x
        : GradientTape.record(x.reshape(shape), (dy, adjoints) -> adjoints.pass(x, dy), x);
  }

  /** Tensors of one size end to end, under a shape. */
  static Tensor stack(List<Tensor> parts, Shape shape) {
    Tensor y = Tensor.allocate(parts.get(0).dtype(), shape);
    for (int i = 0; i < parts.size(); i++) {
      Tensor part = parts.get(i);
      y.view(i * part.size(), part.shape()).copyFrom(part);
    }
    return GradientTape.record(
        y,
        (dy, adjoints) -> {
          for (int i = 0; i < parts.size(); i++) {
            Tensor part = parts.get(i);
            int from = i * part.size();
            adjoints.add(part, () -> cut(dy, from, part.shape()));
          }
        },
        parts.toArray(Tensor[]::new));
  }

  /** Elements of x from one on, counted flat, under a shape. */
  private static Tensor cut(Tensor x, int from, Shape shape) {
    Tensor y = Tensor.allocate(x.dtype(), shape);
    y.copyFrom(x.view(from, shape));
    return GradientTape.record(
        y, (dy, adjoints) -> adjoints.add(x, () -> place(dy, from, x.shape())), x);
  }

  /** Zeros of a shape, but for x from one element on. */
  private static Tensor place(Tensor x, int from, Shape shape) {
    Tensor y = Tensor.zeros(x.dtype(), shape);
    y.view(from, x.shape()).copyFrom(x);
    return GradientTape.record(
        y, (dy, adjoints) -> adjoints.add(x, () -> cut(dy, from, x.shape())), x);
  }
}
