package io.tapestream.benchmarks;

import io.tapestream.backend.Padding;
import io.tapestream.benchmarks.peers.DjlTrainer;
import io.tapestream.layers.ActivationFunction;
import io.tapestream.layers.AveragePooling2D;
import io.tapestream.layers.Conv2D;
import io.tapestream.layers.Dense;
import io.tapestream.layers.Flatten;
import io.tapestream.losses.BinaryCrossEntropy;
import io.tapestream.losses.Loss;
import io.tapestream.losses.SparseCategoricalCrossEntropy;
import io.tapestream.models.Model;
import io.tapestream.models.Sequential;
import io.tapestream.schemas.DenseFeatures;
import io.tapestream.schemas.avro.DenseFeature;
import io.tapestream.tensor.Shape;
import java.util.SplittableRandom;

/** The two models every benchmark trains, and the records they are trained on. */
@SuppressWarnings("ImmutableEnumChecker") // shapes and losses are immutable
public enum Workload {
  /** LeNet-5 with ReLU on 28 × 28 images, ten classes. */
  LENET(Shape.of(28, 28, 1), 10, new SparseCategoricalCrossEntropy(true)) {
    @Override
    public Model model() {
      ActivationFunction relu = ActivationFunction.RELU;
      return Sequential.of(
          new Conv2D(6, 5, Padding.SAME, relu),
          new AveragePooling2D(),
          new Conv2D(16, 5, relu),
          new AveragePooling2D(),
          new Flatten(),
          new Dense(120, relu),
          new Dense(84, relu),
          new Dense(10));
    }

    @Override
    public DjlTrainer djl() {
      return DjlTrainer.leNet();
    }

    @Override
    public DenseFeature feature(float[] values) {
      byte[] pixels = new byte[values.length];
      for (int i = 0; i < pixels.length; i++) {
        pixels[i] = (byte) Math.round(values[i] * 255);
      }
      return DenseFeatures.bytes(FEATURE, pixels, 1 / 255f, input().dims());
    }
  },

  /** 40-256-128-1 with ReLU on tabular records, one logit. */
  PERCEPTRON(Shape.of(40), 2, new BinaryCrossEntropy(true)) {
    @Override
    public Model model() {
      ActivationFunction relu = ActivationFunction.RELU;
      return Sequential.of(new Dense(256, relu), new Dense(128, relu), new Dense(1));
    }

    @Override
    public DjlTrainer djl() {
      return DjlTrainer.perceptron();
    }

    @Override
    public DenseFeature feature(float[] values) {
      return DenseFeatures.floats(FEATURE, values, input().dims());
    }
  };

  /** Name of the one dense feature of a record. */
  public static final String FEATURE = "x";

  private final Shape input;
  private final int classes;
  private final Loss loss;

  Workload(Shape input, int classes, Loss loss) {
    this.input = input;
    this.classes = classes;
    this.loss = loss;
  }

  /** The model on Tapestream, not built yet. */
  public abstract Model model();

  /** The same model on DJL with libtorch. */
  public abstract DjlTrainer djl();

  /** An example as a record holds it: an image as bytes, other values as they are. */
  public abstract DenseFeature feature(float[] values);

  /** One example's shape. */
  public Shape input() {
    return input;
  }

  /** The shape of so many examples side by side. */
  public Shape batched(int examples) {
    int[] dims = new int[input.rank() + 1];
    dims[0] = examples;
    System.arraycopy(input.dims(), 0, dims, 1, input.rank());
    return Shape.of(dims);
  }

  /** What both sides minimise. */
  public Loss loss() {
    return loss;
  }

  /** In the words of a table. */
  public String title() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }

  /** Features uniform in [0, 1), row by row. */
  public float[] features(int examples, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] features = new float[examples * input.size()];
    for (int i = 0; i < features.length; i++) {
      features[i] = (float) random.nextDouble();
    }
    return features;
  }

  /** Class indices, uniform. */
  public float[] labels(int examples, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] labels = new float[examples];
    for (int i = 0; i < examples; i++) {
      labels[i] = random.nextInt(classes);
    }
    return labels;
  }
}
