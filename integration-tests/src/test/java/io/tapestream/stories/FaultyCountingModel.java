package io.tapestream.stories;

import io.tapestream.layers.Context;
import io.tapestream.tensor.Tensor;

/** The counting model, on a trainer that can be made to fail. */
public final class FaultyCountingModel extends CountingModel {
  static final String PLACE = "trainer";

  @Override
  protected Tensor call(Tensor x, Context context) {
    if (context.training()) {
      Faults.pass(PLACE);
    }
    return super.call(x, context);
  }
}
