package io.tapestream.benchmarks.peers;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.initializer.XavierInitializer;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import java.nio.FloatBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One training step after another on DJL with libtorch, on the calling thread.
 *
 * <p>Set {@code ai.djl.pytorch.num_threads} and {@code ai.djl.pytorch.num_interop_threads} before
 * the engine loads; {@code benchmarks/run} sets both to 1, and the allocator's environment as DJL's
 * performance notes advise.
 */
public final class DjlTrainer implements AutoCloseable {

  /** What both sides step with. */
  public static final float LEARNING_RATE = 0.001f;

  private final Model model;
  private final Trainer trainer;
  private final Shape input;
  private final boolean sparseLabels;

  /**
   * Makes the model's parameters.
   *
   * @param sparseLabels whether a label is a class index; else it is a value as the loss wants it
   * @param inputs of one example
   */
  DjlTrainer(
      String name,
      Block block,
      Loss loss,
      Optimizer optimizer,
      boolean sparseLabels,
      Shape... inputs) {
    this.input = inputs[0];
    this.sparseLabels = sparseLabels;
    model = Model.newInstance(name, Device.cpu(), "PyTorch");
    model.setBlock(block);
    DefaultTrainingConfig config =
        new DefaultTrainingConfig(loss)
            .optOptimizer(optimizer)
            .optInitializer(new XavierInitializer(), Parameter.Type.WEIGHT)
            .optDevices(new Device[] {Device.cpu()});
    trainer = model.newTrainer(config);
    trainer.initialize(
        Arrays.stream(inputs).map(one -> new Shape(1).addAll(one)).toArray(Shape[]::new));
  }

  /** LeNet-5 with ReLU on (1, 28, 28) images, ten classes, Adam. */
  public static DjlTrainer leNet() {
    return DjlModels.leNet(DjlModels.adam());
  }

  /** A perceptron of 40 features, 256 and 128 hidden units with ReLU and one logit, Adam. */
  public static DjlTrainer perceptron() {
    return DjlModels.perceptron(DjlModels.adam(), 40, 1);
  }

  /**
   * Forward, backward and update on one mini-batch.
   *
   * @param features examples × features values, row by row
   * @param labels one value an example: the class index, or 0 and 1
   * @param examples how many examples the arrays hold
   */
  public void step(float[] features, float[] labels, int examples) {
    step(features, null, labels, examples);
  }

  /**
   * Forward, backward and update on one mini-batch of a model with a second input.
   *
   * @param ids as many for each example, row by row; null where the model has one input
   */
  public void step(float[] features, long @Nullable [] ids, float[] labels, int examples) {
    try (NDManager manager = trainer.getManager().newSubManager()) {
      Shape shape = new Shape(examples).addAll(input);
      NDList x = new NDList(manager.create(FloatBuffer.wrap(features), shape, DataType.FLOAT32));
      if (ids != null) {
        x.add(manager.create(ids, new Shape(examples, ids.length / examples)));
      }
      NDArray y = manager.create(labels, new Shape(examples, 1));
      if (sparseLabels) {
        y = y.squeeze(1);
      }
      try (GradientCollector tape = trainer.newGradientCollector()) {
        NDList predictions = trainer.forward(x);
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
