package io.tapestream.stories;

import io.tapestream.initializers.Zeros;
import io.tapestream.layers.ActivationFunction;
import io.tapestream.layers.Context;
import io.tapestream.layers.Dense;
import io.tapestream.models.Model;
import io.tapestream.tensor.Tensor;

/**
 * A model whose weights are counters. Its output is {@code x·w}; with {@code SumLoss} and SGD at
 * rate 1 a step adds the sum of the batch's features to the weights, so with one-hot features
 * weight i is the number of times that record i has counted.
 */
public class CountingModel extends Model {
  private final Dense counters =
      new Dense(new Dense.Settings(1, ActivationFunction.LINEAR, false, new Zeros(), new Zeros()));

  @Override
  protected Tensor call(Tensor x, Context context) {
    return counters.apply(x, context);
  }
}
