package io.tapestream.autodiff;

import io.tapestream.tensor.Tensor;
import java.util.function.Supplier;

/**
 * Where a {@link Rule} puts the gradients of its op's inputs. Work for an input that nobody asked
 * about is skipped.
 *
 * <pre>{@code
 * adjoints.add(x, (dx, accumulate) -> backend.matmul(dy, false, w, true, dx, accumulate));
 * adjoints.add(x, () -> MatMul.of(dy, Transpose.of(w))); // the same, made of ops
 * }</pre>
 */
public interface Adjoints {
  /**
   * Computes a gradient into a tensor of the input's shape, adding to what is there if {@code
   * accumulate}, else overwriting it.
   */
  @FunctionalInterface
  interface Kernel {
    /** Computes it. */
    void into(Tensor dx, boolean accumulate);
  }

  /** Whether anybody asked, directly or through earlier ops, for the gradient of this input. */
  boolean wants(Tensor input);

  /**
   * Adds what the kernel computes to the gradient of an input; the kernel runs only if it is
   * wanted.
   *
   * @throws UnsupportedOperationException if the gradient is to have gradients itself
   */
  void add(Tensor input, Kernel kernel);

  /**
   * Adds rows to the gradient of a table: {@code dT[ids[i]] += rows[i]}. Where it is known which
   * rows a gradient holds, only these are touched.
   *
   * @param table (rows, width)
   * @param ids INT64 (…)
   * @param rows (…, width)
   * @throws UnsupportedOperationException if the gradient is to have gradients itself
   */
  void addRows(Tensor table, Tensor ids, Tensor rows);

  /**
   * Adds what ops compute to the gradient of an input; they run only if it is wanted.
   *
   * @param gradient gives a tensor of the input's size
   */
  void add(Tensor input, Supplier<Tensor> gradient);

  /**
   * Adds a gradient that exists already, such as dy itself, to that of an input, without a copy
   * where it is the first.
   *
   * @param gradient of the input's size; it must not change until the tape has played back
   */
  void pass(Tensor input, Tensor gradient);
}
