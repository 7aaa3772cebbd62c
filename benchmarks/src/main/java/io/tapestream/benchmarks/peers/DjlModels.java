package io.tapestream.benchmarks.peers;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.Parameter;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.pooling.Pool;
import ai.djl.nn.recurrent.LSTM;
import ai.djl.training.ParameterStore;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import ai.djl.util.PairList;
import org.jspecify.annotations.Nullable;

/** The models that are compared, on DJL. */
public final class DjlModels {

  private DjlModels() {}

  /** Adam at the rate that all sides use. */
  public static Optimizer adam() {
    return Optimizer.adam().optLearningRateTracker(Tracker.fixed(DjlTrainer.LEARNING_RATE)).build();
  }

  /** Plain gradient descent at the rate that all sides use. */
  public static Optimizer sgd() {
    return Optimizer.sgd().setLearningRateTracker(Tracker.fixed(DjlTrainer.LEARNING_RATE)).build();
  }

  /** 256 and 128 hidden units with ReLU; ten classes or more, or one logit. */
  public static DjlTrainer perceptron(Optimizer optimizer, int features, int outputs) {
    SequentialBlock block =
        new SequentialBlock()
            .add(linear(256))
            .add(Activation.reluBlock())
            .add(linear(128))
            .add(Activation.reluBlock())
            .add(linear(outputs));
    boolean classes = outputs > 1;
    Loss loss = classes ? Loss.softmaxCrossEntropyLoss() : Loss.sigmoidBinaryCrossEntropyLoss();
    return new DjlTrainer("perceptron", block, loss, optimizer, classes, new Shape(features));
  }

  /** LeNet-5 with ReLU and average pooling on (1, 28, 28) images, ten classes. */
  public static DjlTrainer leNet(Optimizer optimizer) {
    SequentialBlock block =
        new SequentialBlock()
            .add(convolution(6, 5, 2, true))
            .add(Activation.reluBlock())
            .add(Pool.avgPool2dBlock(new Shape(2, 2), new Shape(2, 2)))
            .add(convolution(16, 5, 0, true))
            .add(Activation.reluBlock())
            .add(Pool.avgPool2dBlock(new Shape(2, 2), new Shape(2, 2)))
            .add(Blocks.batchFlattenBlock())
            .add(linear(120))
            .add(Activation.reluBlock())
            .add(linear(84))
            .add(Activation.reluBlock())
            .add(linear(10));
    return ofClasses("lenet", block, optimizer, new Shape(1, 28, 28));
  }

  /** Two convolutions of 32 and 64 channels, each normalised, on (3, 32, 32) images. */
  public static DjlTrainer convolutional(Optimizer optimizer) {
    SequentialBlock block = new SequentialBlock();
    for (int channels : new int[] {32, 64}) {
      block
          .add(convolution(channels, 3, 1, false))
          .add(BatchNorm.builder().build())
          .add(Activation.reluBlock())
          .add(Pool.maxPool2dBlock(new Shape(2, 2), new Shape(2, 2)));
    }
    block.add(Blocks.batchFlattenBlock()).add(linear(10));
    return ofClasses("cnn", block, optimizer, new Shape(3, 32, 32));
  }

  /** An LSTM of 128 units over 64 steps of 64 values, its last output to ten classes. */
  public static DjlTrainer recurrent(Optimizer optimizer) {
    NDIndex last = new NDIndex(":, -1");
    SequentialBlock block =
        new SequentialBlock()
            .add(LSTM.builder().setStateSize(128).setNumLayers(1).optBatchFirst(true).build())
            .add(LambdaBlock.singleton(y -> y.get(last)))
            .add(linear(10));
    return ofClasses("lstm", block, optimizer, new Shape(64, 64));
  }

  /**
   * A linear part on numbers beside a perceptron on numbers and embedded ids.
   *
   * @param rows of the one table that holds the rows of all features
   */
  public static DjlTrainer wideAndDeep(
      Optimizer optimizer, int numbers, int ids, int rows, int width) {
    return new DjlTrainer(
        "wide-deep",
        new WideAndDeep(rows, width),
        Loss.sigmoidBinaryCrossEntropyLoss(),
        optimizer,
        false,
        new Shape(numbers),
        new Shape(ids));
  }

  private static DjlTrainer ofClasses(String name, Block block, Optimizer optimizer, Shape input) {
    return new DjlTrainer(name, block, Loss.softmaxCrossEntropyLoss(), optimizer, true, input);
  }

  private static Block linear(int units) {
    return Linear.builder().setUnits(units).build();
  }

  private static Block convolution(int filters, int kernel, int padding, boolean bias) {
    return Conv2d.builder()
        .setKernelShape(new Shape(kernel, kernel))
        .setFilters(filters)
        .optPadding(new Shape(padding, padding))
        .optBias(bias)
        .build();
  }

  /** Inputs: (n, numbers) and ids (n, features). */
  private static final class WideAndDeep extends AbstractBlock {
    private final Parameter table;
    private final Shape tableShape;
    private final Block wide = addChildBlock("wide", linear(1));
    private final Block deep =
        addChildBlock(
            "deep",
            new SequentialBlock()
                .add(linear(256))
                .add(Activation.reluBlock())
                .add(linear(128))
                .add(Activation.reluBlock())
                .add(linear(1)));

    WideAndDeep(int rows, int width) {
      tableShape = new Shape(rows, width);
      table =
          addParameter(
              Parameter.builder()
                  .setName("table")
                  .setType(Parameter.Type.WEIGHT)
                  .optShape(tableShape)
                  .build());
    }

    @Override
    protected NDList forwardInternal(
        ParameterStore parameters,
        NDList inputs,
        boolean training,
        @Nullable PairList<String, Object> settings) {
      NDArray numbers = inputs.get(0);
      NDArray ids = inputs.get(1).toType(DataType.INT64, false);
      NDArray weights = parameters.getValue(table, numbers.getDevice(), training);
      long n = numbers.getShape().get(0);
      NDArray embedded =
          numbers
              .getNDArrayInternal()
              .embedding(ids, weights, ai.djl.ndarray.types.SparseFormat.DENSE)
              .singletonOrThrow()
              .reshape(n, -1);
      NDArray all = numbers.concat(embedded, 1);
      NDArray wideLogit = wide.forward(parameters, new NDList(numbers), training).get(0);
      NDArray deepLogit = deep.forward(parameters, new NDList(all), training).get(0);
      return new NDList(wideLogit.add(deepLogit));
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputs) {
      return new Shape[] {new Shape(inputs[0].get(0), 1)};
    }

    @Override
    protected void initializeChildBlocks(NDManager manager, DataType type, Shape... inputs) {
      long n = inputs[0].get(0);
      long numbers = inputs[0].get(1);
      wide.initialize(manager, type, new Shape(n, numbers));
      deep.initialize(manager, type, new Shape(n, numbers + inputs[1].get(1) * tableShape.get(1)));
    }
  }
}
