package io.tapestream.examples;

import static io.tapestream.layers.ActivationFunction.RELU;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.layers.Context;
import io.tapestream.layers.Dense;
import io.tapestream.layers.Dropout;
import io.tapestream.losses.BinaryCrossEntropy;
import io.tapestream.models.Model;
import io.tapestream.ops.Mean;
import io.tapestream.optimizers.Adam;
import io.tapestream.random.Philox;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import io.tapestream.tensor.Workspace;
import io.tapestream.training.Batch;
import io.tapestream.training.VectorUpdate;
import java.util.List;

/**
 * A training loop of one's own, with a tape: two dense layers and dropout learn whether a point
 * lies within a circle.
 */
public final class CustomLoop {
  private static final int EPOCHS = 30;
  private static final int BATCH = 32;

  /** The network: points (batch, 2) to logits (batch, 1). */
  static final class Circle extends Model {
    private final Dense hidden1 = new Dense(32, RELU);
    private final Dropout dropout = new Dropout(0.1);
    private final Dense hidden2 = new Dense(16, RELU);
    private final Dense logit = new Dense(1);

    @Override
    protected Tensor call(Tensor points, Context context) {
      Tensor x = dropout.apply(hidden1.apply(points, context), context);
      return logit.apply(hidden2.apply(x, context), context);
    }
  }

  /** Trains, and prints how it goes. */
  public static void main(String[] args) {
    System.out.printf("%.3f of unseen points right%n", run());
  }

  /** The share of unseen points that are told right after training. */
  @SuppressWarnings("try") // a workspace's scope acts by being open
  static double run() {
    Batch training = points(1000, 1);
    Circle model = new Circle();
    model.build(Shape.of(2), 42);
    BinaryCrossEntropy lossFunction = new BinaryCrossEntropy(true);
    VectorUpdate optimizer = new VectorUpdate(model, new Adam(0.01));

    long step = 0;
    try (Workspace memory = new Workspace()) { // a step's tensors lie where the last one's lay
      for (int epoch = 0; epoch < EPOCHS; epoch++) {
        double sum = 0;
        for (int from = 0; from < training.size(); from += BATCH) {
          Batch batch = training.slice(from, Math.min(training.size(), from + BATCH));
          try (Workspace.Scope scope = memory.enter();
              GradientTape tape = new GradientTape()) {
            Tensor logits = model.apply(batch.features(), Context.training(7, 0, step++));
            Tensor loss = Mean.of(lossFunction.perExample(logits, batch.labels()));
            List<Tensor> gradients = tape.gradient(loss, model.trainableVariables());
            optimizer.applyGradients(gradients);
            sum += loss.item() * batch.size();
          }
        }
        System.out.printf("epoch %d: loss %.4f%n", epoch + 1, sum / training.size());
      }
    }
    return accuracy(model, points(500, 2));
  }

  static double accuracy(Model model, Batch unseen) {
    double[] logits = model.predict(unseen.features()).toDoubles();
    double[] labels = unseen.labels().toDoubles();
    int right = 0;
    for (int i = 0; i < labels.length; i++) {
      right += (logits[i] > 0) == (labels[i] == 1) ? 1 : 0;
    }
    return (double) right / labels.length;
  }

  /** Points of the square from −1 to 1, and whether they lie in the circle of radius 0.8. */
  static Batch points(int n, long seed) {
    float[] xy = new float[2 * n];
    Philox.uniform(Philox.key(seed, 0), 0, xy, 0, xy.length);
    float[] inside = new float[n];
    for (int i = 0; i < n; i++) {
      float x = 2 * xy[2 * i] - 1;
      float y = 2 * xy[2 * i + 1] - 1;
      xy[2 * i] = x;
      xy[2 * i + 1] = y;
      inside[i] = x * x + y * y < 0.64f ? 1 : 0;
    }
    return Batch.of(Tensor.of(xy, n, 2), Tensor.of(inside, n, 1));
  }

  private CustomLoop() {}
}
