package io.tapestream.stories;

import io.tapestream.capture.CapturedStep;
import io.tapestream.layers.Context;
import io.tapestream.tensor.Tensor;

/** The counting model, on a trainer that can be made to fail. */
public final class FaultyCountingModel extends CountingModel {
  static final String PLACE = "trainer";

  @Override
  protected Tensor call(Tensor x, Context context) {
    if (context.training()) {
      CapturedStep.also(() -> Faults.pass(PLACE)); // in each step, not only where it is traced
    }
    return super.call(x, context);
  }
}
