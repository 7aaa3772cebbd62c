package io.tapestream.training;

import io.tapestream.tensor.Tensor;
import io.tapestream.tensor.Workspace;
import java.util.Map;

/** Multiplies the weights of examples by those of their classes. */
@SuppressWarnings("try") // workspace scopes act by being open
final class ClassWeights {

  /**
   * The batch with its weights multiplied; its other tensors are shared.
   *
   * @param byClass by class; 1 for one that is left out
   * @throws IllegalArgumentException if the batch has several targets, or labels that name no class
   */
  static Batch apply(Map<Integer, Double> byClass, Batch batch) {
    if (byClass.isEmpty()) {
      return batch;
    }
    if (batch.targets().size() != 1) {
      throw new IllegalArgumentException(
          "class weights are for a model with one output; give each example its weight instead");
    }
    double[] labels = batch.labels().toDoubles();
    float[] weights = batch.weights().toFloats();
    int width = weights.length == 0 ? 1 : labels.length / weights.length;
    for (int row = 0; row < weights.length; row++) {
      weights[row] *= byClass.getOrDefault(classOf(labels, row, width), 1.0).floatValue();
    }
    try (Workspace.Scope own = Workspace.outside()) {
      return batch.weighted(Tensor.of(weights, weights.length));
    }
  }

  /** A class index, or where the largest of a row of labels stands. */
  private static int classOf(double[] labels, int row, int width) {
    if (width == 1) {
      return (int) labels[row];
    }
    int best = 0;
    for (int i = 1; i < width; i++) {
      if (labels[row * width + i] > labels[row * width + best]) {
        best = i;
      }
    }
    return best;
  }

  private ClassWeights() {}
}
