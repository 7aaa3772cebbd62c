package io.tapestream.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tapestream.backend.Padding;
import io.tapestream.layers.ActivationFunction;
import io.tapestream.layers.AveragePooling2D;
import io.tapestream.layers.Conv2D;
import io.tapestream.layers.Dense;
import io.tapestream.layers.Flatten;
import io.tapestream.losses.BinaryCrossEntropy;
import io.tapestream.losses.Loss;
import io.tapestream.losses.SparseCategoricalCrossEntropy;
import io.tapestream.models.Model;
import io.tapestream.models.ParameterVector;
import io.tapestream.models.Sequential;
import io.tapestream.optimizers.Adam;
import io.tapestream.optimizers.Optimizer;
import io.tapestream.optimizers.Sgd;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import io.tapestream.training.Batch;
import io.tapestream.training.FitOptions;
import io.tapestream.training.StepSettings;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** From the same weights on the same batches, training takes PyTorch's course, step by step. */
class ReferenceCurvesTest {
  private static final int STEPS = 50;
  private static final int BATCH = 32;
  private static final int EXAMPLES = 320;
  private static final double TOLERANCE = 1e-4;

  @ParameterizedTest
  @ValueSource(strings = {"sgd", "momentum", "nesterov", "adam"})
  void leNetFallsAsInPyTorch(String optimizer) {
    Sequential leNet =
        Sequential.of(
            new Conv2D(6, 5, Padding.SAME, ActivationFunction.TANH),
            new AveragePooling2D(),
            new Conv2D(16, 5, ActivationFunction.TANH),
            new AveragePooling2D(),
            new Flatten(),
            new Dense(120, ActivationFunction.TANH),
            new Dense(84, ActivationFunction.TANH),
            new Dense(10));
    leNet.build(Shape.of(28, 28, 1), 0);
    setWeights(leNet, 10);

    follow("lenet.json", optimizer, leNet, new SparseCategoricalCrossEntropy(true), images());
  }

  @ParameterizedTest
  @ValueSource(strings = {"sgd", "momentum", "nesterov", "adam"})
  void aPerceptronFallsAsInPyTorch(String optimizer) {
    Sequential perceptron =
        Sequential.of(
            new Dense(64, ActivationFunction.RELU),
            new Dense(32, ActivationFunction.SIGMOID),
            new Dense(1));
    perceptron.build(Shape.of(40), 0);
    setWeights(perceptron, 20);

    follow("perceptron.json", optimizer, perceptron, new BinaryCrossEntropy(true), rows());
  }

  private static void follow(String file, String optimizer, Model model, Loss loss, Batch data) {
    double[] expected = Reference.numbers(file, "/losses/" + optimizer);
    assertThat(expected).hasSize(STEPS);
    model.compile(optimizer(optimizer), loss);
    FitOptions wholeBatches = FitOptions.of(BATCH, 1).withStep(StepSettings.of(0));
    for (int step = 0; step < STEPS; step++) {
      int from = step * BATCH % EXAMPLES;
      double actual = model.fit(data.slice(from, from + BATCH), wholeBatches).last().loss();
      assertThat(actual)
          .as("loss before step %d with %s", step, optimizer)
          .isCloseTo(expected[step], within(TOLERANCE * expected[step]));
    }
  }

  private static Optimizer optimizer(String name) {
    return switch (name) {
      case "sgd" -> new Sgd(0.1);
      case "momentum" -> new Sgd(0.02, 0.9, false);
      case "nesterov" -> new Sgd(0.02, 0.9, true);
      case "adam" -> new Adam();
      default -> throw new IllegalArgumentException(name);
    };
  }

  /** Kernels from the reference's draws, biases zero. */
  private static void setWeights(Model model, int firstSalt) {
    ParameterVector parameters = model.parameters();
    List<ParameterVector.Entry> kernels =
        parameters.entries().stream().filter(e -> e.name().endsWith("kernel")).toList();
    for (int i = 0; i < kernels.size(); i++) {
      ParameterVector.Entry kernel = kernels.get(i);
      Shape shape = kernel.shape();
      int window = shape.size() / (shape.dim(-2) * shape.dim(-1));
      float[] values =
          Reference.weights(
              firstSalt + i, shape.size(), window * shape.dim(-2), window * shape.dim(-1));
      parameters.load(kernel.offset(), values, 0, values.length);
    }
  }

  private static Batch images() {
    float[] labelDraws = Reference.uniform(1, EXAMPLES);
    float[] patterns = Reference.uniform(2, 10 * 784);
    float[] noise = Reference.uniform(3, EXAMPLES * 784);
    float[] pixels = new float[EXAMPLES * 784];
    long[] labels = new long[EXAMPLES];
    for (int i = 0; i < EXAMPLES; i++) {
      labels[i] = (long) (labelDraws[i] * 10.0);
      for (int p = 0; p < 784; p++) {
        double sum = (double) patterns[(int) labels[i] * 784 + p] + noise[i * 784 + p];
        pixels[i * 784 + p] = (float) sum / 2;
      }
    }
    return Batch.of(Tensor.of(pixels, EXAMPLES, 28, 28, 1), Tensor.of(labels));
  }

  private static Batch rows() {
    float[] features = Reference.uniform(4, EXAMPLES * 40);
    float[] labels = new float[EXAMPLES];
    for (int i = 0; i < EXAMPLES; i++) {
      double sum = 0;
      for (int j = 0; j < 4; j++) {
        sum += features[i * 40 + j];
      }
      labels[i] = sum > 2 ? 1 : 0;
    }
    return Batch.of(Tensor.of(features, EXAMPLES, 40), Tensor.of(labels));
  }
}
