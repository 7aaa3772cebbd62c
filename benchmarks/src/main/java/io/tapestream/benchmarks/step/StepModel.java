package io.tapestream.benchmarks.step;

import ai.djl.training.optimizer.Optimizer;
import io.tapestream.backend.Padding;
import io.tapestream.benchmarks.peers.DjlModels;
import io.tapestream.benchmarks.peers.DjlTrainer;
import io.tapestream.benchmarks.peers.Dl4jModels;
import io.tapestream.initializers.GlorotUniform;
import io.tapestream.initializers.Zeros;
import io.tapestream.layers.ActivationFunction;
import io.tapestream.layers.AveragePooling2D;
import io.tapestream.layers.BatchNormalization;
import io.tapestream.layers.Concatenate;
import io.tapestream.layers.Conv2D;
import io.tapestream.layers.Dense;
import io.tapestream.layers.Embedding;
import io.tapestream.layers.Flatten;
import io.tapestream.layers.Input;
import io.tapestream.layers.LSTM;
import io.tapestream.layers.MaxPooling2D;
import io.tapestream.layers.ReLU;
import io.tapestream.layers.Size2D;
import io.tapestream.layers.SymbolicTensor;
import io.tapestream.losses.BinaryCrossEntropy;
import io.tapestream.losses.Loss;
import io.tapestream.losses.SparseCategoricalCrossEntropy;
import io.tapestream.models.Model;
import io.tapestream.models.Sequential;
import io.tapestream.tensor.Shape;
import java.util.List;
import org.deeplearning4j.nn.api.NeuralNetwork;
import org.nd4j.linalg.learning.config.IUpdater;

/** The models whose steps are compared, each as every side builds it. */
@SuppressWarnings("ImmutableEnumChecker") // shapes are immutable
enum StepModel {
  /** 784-256-128-10 with ReLU. */
  MLP("mlp", Shape.of(784), 10, 32, 256, 1024) {
    @Override
    Model tapestream() {
      return Sequential.of(new Dense(256, RELU), new Dense(128, RELU), new Dense(10));
    }

    @Override
    DjlTrainer djl(Optimizer optimizer) {
      return DjlModels.perceptron(optimizer, 784, 10);
    }

    @Override
    NeuralNetwork dl4j(IUpdater updater) {
      return Dl4jModels.perceptron(updater, 784);
    }

    @Override
    List<Rule> rules() {
      return List.of(Rule.SGD, Rule.ADAM);
    }
  },

  /** LeNet-5 with ReLU and average pooling. */
  LENET("lenet", Shape.of(28, 28, 1), 10, 64, 256) {
    @Override
    Model tapestream() {
      return Sequential.of(
          new Conv2D(6, 5, Padding.SAME, RELU),
          new AveragePooling2D(),
          new Conv2D(16, 5, RELU),
          new AveragePooling2D(),
          new Flatten(),
          new Dense(120, RELU),
          new Dense(84, RELU),
          new Dense(10));
    }

    @Override
    DjlTrainer djl(Optimizer optimizer) {
      return DjlModels.leNet(optimizer);
    }

    @Override
    NeuralNetwork dl4j(IUpdater updater) {
      return Dl4jModels.leNet(updater);
    }
  },

  /** Two convolutions of 32 and 64 channels, each with batch normalisation, on colour images. */
  CNN("cnn", Shape.of(32, 32, 3), 10, 64) {
    @Override
    Model tapestream() {
      return Sequential.of(
          convolution(32),
          new BatchNormalization(),
          new ReLU(),
          new MaxPooling2D(),
          convolution(64),
          new BatchNormalization(),
          new ReLU(),
          new MaxPooling2D(),
          new Flatten(),
          new Dense(10));
    }

    @Override
    DjlTrainer djl(Optimizer optimizer) {
      return DjlModels.convolutional(optimizer);
    }

    @Override
    NeuralNetwork dl4j(IUpdater updater) {
      return Dl4jModels.convolutional(updater);
    }
  },

  /** An LSTM of 128 units over 64 steps of 64 values. */
  LSTM("lstm", Shape.of(64, 64), 10, 64) {
    @Override
    Model tapestream() {
      return Sequential.of(new LSTM(128), new Dense(10));
    }

    @Override
    DjlTrainer djl(Optimizer optimizer) {
      return DjlModels.recurrent(optimizer);
    }

    @Override
    NeuralNetwork dl4j(IUpdater updater) {
      return Dl4jModels.recurrent(updater);
    }
  },

  /** Clicks: a linear part on 13 numbers beside a perceptron on them and 26 embeddings. */
  WIDE_DEEP("wide-deep", Shape.of(13), 2, 512) {
    @Override
    Model tapestream() {
      SymbolicTensor numbers = Input.of(13);
      SymbolicTensor ids = Input.ids(FEATURES);
      SymbolicTensor rows = new Embedding(FEATURES * ROWS, WIDTH).apply(ids);
      SymbolicTensor all = new Concatenate().apply(List.of(numbers, new Flatten().apply(rows)));
      SymbolicTensor deep = new Dense(128, RELU).apply(new Dense(256, RELU).apply(all));
      SymbolicTensor logit = new Dense(1).apply(new Concatenate().apply(List.of(numbers, deep)));
      return Model.of(List.of(numbers, ids), List.of(logit));
    }

    @Override
    DjlTrainer djl(Optimizer optimizer) {
      return DjlModels.wideAndDeep(optimizer, 13, FEATURES, FEATURES * ROWS, WIDTH);
    }

    @Override
    NeuralNetwork dl4j(IUpdater updater) {
      return Dl4jModels.wideAndDeep(updater, 13, FEATURES, FEATURES * ROWS, WIDTH);
    }

    @Override
    List<Rule> rules() {
      return List.of(Rule.SGD);
    }
  };

  /** What a model is stepped with. */
  enum Rule {
    /** Plain gradient descent. */
    SGD,
    /** Adam. */
    ADAM
  }

  private static final ActivationFunction RELU = ActivationFunction.RELU;

  /** Features that are ids, the rows of each one's table, and the values of a row. */
  static final int FEATURES = 26;

  static final int ROWS = 100_000;
  private static final int WIDTH = 16;

  private final String title;
  private final Shape input;
  private final int classes;
  private final List<Integer> batches;

  StepModel(String title, Shape input, int classes, Integer... batches) {
    this.title = title;
    this.input = input;
    this.classes = classes;
    this.batches = List.of(batches);
  }

  /** As tables and step.py name it. */
  String title() {
    return title;
  }

  /** Of one example's numbers; images are channels last here. */
  Shape input() {
    return input;
  }

  /** Labels are 0 … classes−1. */
  int classes() {
    return classes;
  }

  /** Whether examples have ids beside numbers, 26 each. */
  boolean hasIds() {
    return this == WIDE_DEEP;
  }

  /** Examples of a step. */
  List<Integer> batches() {
    return batches;
  }

  /** What it is stepped with. */
  List<Rule> rules() {
    return List.of(Rule.ADAM);
  }

  /** What all sides minimise. */
  Loss loss() {
    return classes > 2 ? new SparseCategoricalCrossEntropy(true) : new BinaryCrossEntropy(true);
  }

  abstract Model tapestream();

  abstract DjlTrainer djl(Optimizer optimizer);

  abstract NeuralNetwork dl4j(IUpdater updater);

  private static Conv2D convolution(int channels) {
    return new Conv2D(
        new Conv2D.Settings(
            channels,
            Size2D.square(3),
            Size2D.square(1),
            Padding.SAME,
            ActivationFunction.LINEAR,
            false,
            new GlorotUniform(),
            new Zeros()));
  }
}
