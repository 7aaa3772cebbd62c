package io.tapestream.benchmarks.peers;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.Parameter;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.nn.pooling.Pool;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.initializer.XavierInitializer;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import java.nio.FloatBuffer;

/**
 * One training step after another on DJL with libtorch, on the calling thread.
 *
 * <p>Set {@code ai.djl.pytorch.num_threads} and {@code ai.djl.pytorch.num_interop_threads} before
 * the engine loads; {@code benchmarks/run} sets both to 1, and the allocator's environment as DJL's
 * performance notes advise.
 */
public final class DjlTrainer implements AutoCloseable {

  private static final float LEARNING_RATE = 0.001f;

  private final Model model;
  private final Trainer trainer;
  private final Shape input;
  private final boolean sparseLabels;

  private DjlTrainer(String name, Block block, Loss loss, Shape input, boolean sparseLabels) {
    this.input = input;
    this.sparseLabels = sparseLabels;
    model = Model.newInstance(name, Device.cpu(), "PyTorch");
    model.setBlock(block);
    DefaultTrainingConfig config =
        new DefaultTrainingConfig(loss)
            .optOptimizer(
                Optimizer.adam().optLearningRateTracker(Tracker.fixed(LEARNING_RATE)).build())
            .optInitializer(new XavierInitializer(), Parameter.Type.WEIGHT)
            .optDevices(new Device[] {Device.cpu()});
    trainer = model.newTrainer(config);
    trainer.initialize(batch(1));
  }

  /** LeNet-5 with ReLU on (1, 28, 28) images, ten classes, Adam. */
  public static DjlTrainer leNet() {
    SequentialBlock block =
        new SequentialBlock()
            .add(convolution(6, 2))
            .add(Activation.reluBlock())
            .add(Pool.avgPool2dBlock(new Shape(2, 2), new Shape(2, 2)))
            .add(convolution(16, 0))
            .add(Activation.reluBlock())
            .add(Pool.avgPool2dBlock(new Shape(2, 2), new Shape(2, 2)))
            .add(Blocks.batchFlattenBlock())
            .add(Linear.builder().setUnits(120).build())
            .add(Activation.reluBlock())
            .add(Linear.builder().setUnits(84).build())
            .add(Activation.reluBlock())
            .add(Linear.builder().setUnits(10).build());
    return new DjlTrainer(
        "lenet", block, Loss.softmaxCrossEntropyLoss(), new Shape(1, 28, 28), true);
  }

  /** A perceptron of 40 features, 256 and 128 hidden units with ReLU and one logit, Adam. */
  public static DjlTrainer perceptron() {
    SequentialBlock block =
        new SequentialBlock()
            .add(Linear.builder().setUnits(256).build())
            .add(Activation.reluBlock())
            .add(Linear.builder().setUnits(128).build())
            .add(Activation.reluBlock())
            .add(Linear.builder().setUnits(1).build());
    return new DjlTrainer(
        "perceptron", block, Loss.sigmoidBinaryCrossEntropyLoss(), new Shape(40), false);
  }

  private static Block convolution(int filters, int padding) {
    return Conv2d.builder()
        .setKernelShape(new Shape(5, 5))
        .setFilters(filters)
        .optPadding(new Shape(padding, padding))
        .build();
  }

  private Shape batch(int examples) {
    return new Shape(examples).addAll(input);
  }

  /**
   * Forward, backward and update on one mini-batch.
   *
   * @param features examples × features values, row by row
   * @param labels one value an example: the class index, or 0 and 1
   * @param examples how many examples the arrays hold
   */
  public void step(float[] features, float[] labels, int examples) {
    try (NDManager manager = trainer.getManager().newSubManager()) {
      NDArray x = manager.create(FloatBuffer.wrap(features), batch(examples), DataType.FLOAT32);
      NDArray y = manager.create(labels, new Shape(examples, 1));
      if (sparseLabels) {
        y = y.squeeze(1);
      }
      try (GradientCollector tape = trainer.newGradientCollector()) {
        NDList predictions = trainer.forward(new NDList(x));
        NDArray loss = trainer.getLoss().evaluate(new NDList(y), predictions);
        tape.backward(loss);
      }
      trainer.step();
    }
  }

  @Override
  public void close() {
    trainer.close();
    model.close();
  }
}
