package io.tapestream.examples;

import static io.tapestream.layers.ActivationFunction.RELU;

import io.tapestream.backend.Padding;
import io.tapestream.layers.Context;
import io.tapestream.layers.Conv2D;
import io.tapestream.layers.Dense;
import io.tapestream.layers.Flatten;
import io.tapestream.layers.MaxPooling2D;
import io.tapestream.models.Model;
import io.tapestream.tensor.Tensor;

/**
 * LeNet by subclassing: a field is a layer, {@code call} puts them together. Images (batch, 28, 28,
 * 1) to logits of ten classes (batch, 10).
 */
public final class LeNet extends Model {
  private final Conv2D conv1 = new Conv2D(6, 5, Padding.SAME, RELU);
  private final MaxPooling2D pool1 = new MaxPooling2D(2);
  private final Conv2D conv2 = new Conv2D(16, 5, RELU);
  private final MaxPooling2D pool2 = new MaxPooling2D(2);
  private final Flatten flatten = new Flatten();
  private final Dense dense1 = new Dense(120, RELU);
  private final Dense dense2 = new Dense(84, RELU);
  private final Dense logits = new Dense(Digits.CLASSES);

  @Override
  protected Tensor call(Tensor images, Context context) {
    Tensor x = pool1.apply(conv1.apply(images, context), context);
    x = pool2.apply(conv2.apply(x, context), context);
    x = dense1.apply(flatten.apply(x, context), context);
    return logits.apply(dense2.apply(x, context), context);
  }
}
