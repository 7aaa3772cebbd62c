package io.tapestream.autodiff;

import io.tapestream.tensor.Tensor;
import java.util.List;
import java.util.function.Function;

/**
 * A computation whose gradient its author gives, in place of the one that follows from its ops:
 * TensorFlow's {@code tf.custom_gradient}. Gradients can be made more stable, clipped or reversed
 * with it.
 *
 * <pre>{@code
 * Tensor clipped = CustomGradient.of(
 *     in -> new CustomGradient.Result(in.get(0), dy -> List.of(Clip.of(dy, -0.5, 0.5))), v);
 * }</pre>
 */
public final class CustomGradient {
  private CustomGradient() {}

  /**
   * What was computed, and how it is differentiated.
   *
   * @param output any shape
   * @param gradient from the output's gradient, of its shape, to one for each input, of the input's
   *     size. It may use what the forward pass computed. Where it is made of ops, it has gradients
   *     itself
   */
  public record Result(Tensor output, Function<Tensor, List<Tensor>> gradient) {}

  /**
   * Computes a function and records its own gradient.
   *
   * @param function of the inputs
   * @param inputs that get a gradient; what else the function reads, variables among it, gets none
   *     through its output
   * @return the output
   */
  public static Tensor of(Function<List<Tensor>, Result> function, Tensor... inputs) {
    Result result = function.apply(List.of(inputs));
    Tensor output = result.output();
    Tensor own = output.reshape(output.shape()); // the tape knows the output by the ops it is of
    return GradientTape.record(
        own,
        (dy, adjoints) -> {
          List<Tensor> gradients = result.gradient().apply(dy);
          requireFit(inputs, gradients);
          for (int i = 0; i < inputs.length; i++) {
            adjoints.pass(inputs[i], gradients.get(i));
          }
        },
        inputs);
  }

  private static void requireFit(Tensor[] inputs, List<Tensor> gradients) {
    if (gradients.size() != inputs.length) {
      throw new IllegalArgumentException(
          "a custom gradient gives one gradient for each of its "
              + inputs.length
              + " inputs, not "
              + gradients.size());
    }
    for (int i = 0; i < inputs.length; i++) {
      Tensor gradient = gradients.get(i);
      if (gradient.size() != inputs[i].size() || gradient.dtype() != inputs[i].dtype()) {
        throw new IllegalArgumentException(
            "the custom gradient of input " + i + ", " + inputs[i] + ", is " + gradient);
      }
    }
  }
}
