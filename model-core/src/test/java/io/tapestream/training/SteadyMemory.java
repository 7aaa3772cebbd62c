package io.tapestream.training;

import io.tapestream.backend.Padding;
import io.tapestream.layers.ActivationFunction;
import io.tapestream.layers.AveragePooling2D;
import io.tapestream.layers.BatchNormalization;
import io.tapestream.layers.Conv2D;
import io.tapestream.layers.Dense;
import io.tapestream.layers.Dropout;
import io.tapestream.layers.Flatten;
import io.tapestream.layers.MaxPooling2D;
import io.tapestream.losses.SparseCategoricalCrossEntropy;
import io.tapestream.metrics.Accuracy;
import io.tapestream.models.Model;
import io.tapestream.models.Sequential;
import io.tapestream.optimizers.Adam;
import io.tapestream.reference.Reference;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.bytedeco.javacpp.Pointer;

/**
 * Trains for many steps, small or large ones, and prints after each tenth of them what memory the
 * process has: all of it as the system counts it, that of tensors and native libraries off the
 * heap, and the heap's.
 */
final class SteadyMemory {
  private static final int SAMPLES = 10;

  /** Sizes in bytes. */
  record Sample(long step, long resident, long offHeap, long heap) {
    static Sample take(long step) {
      long offHeap = TrainingStepTest.reachableBytes(); // collects garbage too
      Runtime runtime = Runtime.getRuntime();
      return new Sample(
          step, Pointer.physicalBytes(), offHeap, runtime.totalMemory() - runtime.freeMemory());
    }

    static Sample parse(String line) {
      String[] n = line.split(" ", -1);
      return new Sample(
          Long.parseLong(n[0]), Long.parseLong(n[1]), Long.parseLong(n[2]), Long.parseLong(n[3]));
    }

    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "step %,d: resident %.1f MiB, off the heap %.3f MiB, heap %.2f MiB",
          step,
          resident / 0x1p20,
          offHeap / 0x1p20,
          heap / 0x1p20);
    }
  }

  /** Arguments: {@code small} or {@code large}, and the number of steps. */
  public static void main(String[] args) {
    boolean small = args[0].equals("small");
    long steps = Long.parseLong(args[1]);
    Model model = small ? perceptron() : leNet();
    model.build(small ? Shape.of(8) : Shape.of(28, 28, 1), 1);
    VectorUpdate update = new VectorUpdate(model, new Adam());
    List<Batch> batches = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      batches.add(small ? batch(16 - i % 2, 8, i, 8) : batch(64 - i % 2, 784, i, 28, 28, 1));
    }
    try (TrainingStep step =
        new TrainingStep(
            model,
            new SparseCategoricalCrossEntropy(true),
            List.of(new Accuracy()),
            StepSettings.of(1))) {
      for (long i = 1; i <= steps; i++) {
        StepResult result = step.run(batches.get((int) (i % batches.size())), 0, i);
        update.apply(result.weightSum(), i);
        model.parameters().takeProposedStatistics();
        if (i % (steps / SAMPLES) == 0) {
          Sample sample = Sample.take(i);
          System.out.printf("%d %d %d %d%n", i, sample.resident(), sample.offHeap(), sample.heap());
        }
      }
    }
  }

  private static Model perceptron() {
    return Sequential.of(new Dense(16, ActivationFunction.RELU), new Dropout(0.3), new Dense(3));
  }

  private static Model leNet() {
    return Sequential.of(
        new Conv2D(6, 5, Padding.SAME, ActivationFunction.RELU),
        new BatchNormalization(),
        new AveragePooling2D(),
        new Conv2D(16, 5, ActivationFunction.RELU),
        new MaxPooling2D(),
        new Flatten(),
        new Dense(120, ActivationFunction.TANH),
        new Dropout(0.5),
        new Dense(3));
  }

  private static Batch batch(int n, int width, int salt, int... example) {
    long[] labels = new long[n];
    for (int i = 0; i < n; i++) {
      labels[i] = i % 3;
    }
    Tensor features = Tensor.of(Reference.uniform(salt, n * width), n, width);
    return Batch.of(features.view(0, Shape.of(example).prepend(n)), Tensor.of(labels));
  }

  private SteadyMemory() {}
}
