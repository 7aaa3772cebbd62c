package io.tapestream.benchmarks.step;

import java.util.SplittableRandom;

/**
 * A batch of random but fixed examples, row by row; speed does not depend on what they say.
 *
 * @param numbers uniform in [0, 1)
 * @param ids 26 for each example, each in a range of its own; empty for models without
 * @param labels uniform among the classes
 */
@SuppressWarnings("ArrayRecordComponent") // data, compared by nobody
record Examples(float[] numbers, long[] ids, float[] labels) {

  static Examples of(StepModel model, int count) {
    SplittableRandom random = new SplittableRandom(1);
    float[] numbers = new float[count * model.input().size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = (float) random.nextDouble();
    }
    long[] ids = new long[model.hasIds() ? count * StepModel.FEATURES : 0];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = (long) (i % StepModel.FEATURES) * StepModel.ROWS + random.nextInt(StepModel.ROWS);
    }
    float[] labels = new float[count];
    for (int i = 0; i < count; i++) {
      labels[i] = random.nextInt(model.classes());
    }
    return new Examples(numbers, ids, labels);
  }
}
