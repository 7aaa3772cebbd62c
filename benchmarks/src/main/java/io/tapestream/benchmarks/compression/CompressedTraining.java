package io.tapestream.benchmarks.compression;

import io.tapestream.jobs.demo.LeNet;
import io.tapestream.losses.SparseCategoricalCrossEntropy;
import io.tapestream.metrics.Accuracy;
import io.tapestream.models.ParameterVector;
import io.tapestream.optimizers.Adam;
import io.tapestream.parameterserver.Block;
import io.tapestream.parameterserver.BlockLayout;
import io.tapestream.parameterserver.BlockRange;
import io.tapestream.parameterserver.Gradient;
import io.tapestream.parameterserver.Header;
import io.tapestream.parameterserver.Message.Contribution;
import io.tapestream.parameterserver.MessageFormat;
import io.tapestream.parameterserver.ParameterServer;
import io.tapestream.parameterserver.Weights;
import io.tapestream.parameterserver.compression.Compression;
import io.tapestream.parameterserver.consistency.Synchronous;
import io.tapestream.training.Batch;
import io.tapestream.training.Scores;
import io.tapestream.training.StepResult;
import io.tapestream.training.StepSettings;
import io.tapestream.training.TrainingStep;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The demo's training on the parameter server itself, without Flink and Kafka between them: four
 * virtual workers with batches of 32, synchronous rounds, Adam.
 */
final class CompressedTraining implements AutoCloseable {

  private static final int VIRTUAL_WORKERS = 4;
  private static final int BATCH = 32;

  private final Images images;
  private final Compression compression;
  private final SparseCategoricalCrossEntropy loss = new SparseCategoricalCrossEntropy(true);
  private final LeNet model = new LeNet();
  private final ParameterVector parameters;
  private final TrainingStep step;
  private final Batch batch = Images.room(BATCH);
  private final ParameterServer server =
      new ParameterServer(new Adam(0.001), new Synchronous(), true);
  private final List<Block> blocks = new ArrayList<>();
  private final float[][] residuals;
  private final DataOutputStream wire = new DataOutputStream(OutputStream.nullOutputStream());
  private long contributions;

  CompressedTraining(Images images, Compression compression, long seed) {
    this.images = images;
    this.compression = compression;
    model.build(Images.shape(), seed);
    parameters = model.parameters();
    step = new TrainingStep(model, loss, List.of(), StepSettings.of(seed));
    BlockLayout layout =
        BlockLayout.ofElements(
            parameters.trainedSize(), parameters.size(), BlockLayout.DEFAULT_BLOCK_FLOATS);
    float[] initial = new float[parameters.size()];
    parameters.read(0, initial, 0, initial.length);
    layout.blocks().forEach(range -> blocks.add(server.fresh(range, initial, VIRTUAL_WORKERS)));
    residuals = new float[VIRTUAL_WORKERS][parameters.trainedSize()];
  }

  /**
   * Trains on the first images, in their order.
   *
   * @param passes over them
   */
  void train(int trainingImages, int passes) throws IOException {
    int each = trainingImages / VIRTUAL_WORKERS;
    long rounds = (long) passes * each / BATCH;
    for (long round = 0; round < rounds; round++) {
      List<Weights> closed = new ArrayList<>();
      for (int vw = 0; vw < VIRTUAL_WORKERS; vw++) {
        for (int row = 0; row < BATCH; row++) {
          images.write(vw + VIRTUAL_WORKERS * (int) ((round * BATCH + row) % each), batch, row);
        }
        contribute(vw, round, closed);
      }
      closed.forEach(
          weights ->
              parameters.load(
                  blocks.get(weights.block()).range().from(),
                  weights.values(),
                  0,
                  weights.values().length));
    }
  }

  private void contribute(int vw, long round, List<Weights> closed) throws IOException {
    StepResult result = step.run(batch, vw, round);
    Header header =
        new Header(result.weightSum(), result.lossSum(), new double[0], new double[0], BATCH);
    contributions++;
    for (Block block : blocks) {
      BlockRange range = block.range();
      float[] slice = new float[range.length()];
      parameters.gradients().read(range.from(), slice, 0, slice.length);
      Gradient gradient = compression.compress(slice, residuals[vw], range.from());
      Contribution message =
          new Contribution(range.index(), vw, round, (round + 1) * BATCH, gradient, header);
      MessageFormat.write(wire, message);
      Optional<Weights> weights = server.accept(block, message);
      weights.ifPresent(closed::add);
    }
  }

  /** Bytes of a contribution over those of the dense parameters. */
  double bytesOverDense() {
    return (double) wire.size() / contributions / (Float.BYTES * (double) parameters.size());
  }

  /** Loss and accuracy on the images from an index on. */
  Scores heldOut(int from) {
    Batch held = Images.room(images.count() - from);
    for (int row = 0; row < held.size(); row++) {
      images.write(from + row, held, row);
    }
    model.compile(new Adam(0.001), loss, new Accuracy());
    return model.evaluate(held);
  }

  @Override
  public void close() {
    step.close();
    model.close();
  }
}
