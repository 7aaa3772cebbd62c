package io.tapestream.layers;

import io.tapestream.autodiff.Variable;
import io.tapestream.initializers.Initializer;
import io.tapestream.tensor.Shape;

/** Gives a layer its variables, which lie in the model's flat vectors. */
public interface Builder {

  /**
   * A parameter that is trained.
   *
   * @param name unique in the layer, such as {@code kernel}
   */
  Variable parameter(String name, Shape shape, Initializer initializer);

  /**
   * A value that is learned but not trained, such as a moving mean: no gradient is computed for it,
   * and it lies behind all trained parameters.
   *
   * @param name unique in the layer, such as {@code moving_mean}
   */
  Variable statistic(String name, Shape shape, Initializer initializer);
}
