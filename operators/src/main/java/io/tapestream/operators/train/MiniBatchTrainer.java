package io.tapestream.operators.train;

import io.tapestream.clipping.Clipping;
import io.tapestream.losses.Loss;
import io.tapestream.models.Model;
import io.tapestream.models.ParameterVector;
import io.tapestream.operators.TrainingSettings;
import io.tapestream.operators.decode.DecodedBatch;
import io.tapestream.operators.decode.ExampleDecoder;
import io.tapestream.operators.decode.Rejected;
import io.tapestream.operators.source.LostRecords;
import io.tapestream.operators.source.MiniBatch;
import io.tapestream.operators.source.SkippedRound;
import io.tapestream.operators.weights.WeightReplica;
import io.tapestream.parameterserver.BlockLayout;
import io.tapestream.parameterserver.BlockRange;
import io.tapestream.parameterserver.Gradient;
import io.tapestream.parameterserver.GradientParts;
import io.tapestream.parameterserver.Header;
import io.tapestream.parameterserver.Message;
import io.tapestream.parameterserver.compression.Compression;
import io.tapestream.training.StepResult;
import io.tapestream.training.StepSettings;
import io.tapestream.training.TrainingStep;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Turns mini-batches into contributions; knows no Flink.
 *
 * <pre>
 *   train(batch)   decode       bytes → columns; what can't be learned from is returned
 *                  step         newest weights → model; loss, metrics, gradient of the summed loss
 *                  guard        a gradient that is not finite or too large: the batch is skipped
 *                  clip         if the job says so
 *                  push         one contribution per block, all with the same header; in parts, where
 *                               a block is larger than a message (R14)
 *                  leave        after the last batch, to every block
 * </pre>
 *
 * A batch with nothing left to learn from, or skipped, contributes weight 0: it advances the clocks
 * and touches nothing else (R2, I6).
 */
final class MiniBatchTrainer implements AutoCloseable {

  /** Who is told of each batch, for the metrics. */
  interface Observer {

    /**
     * Takes note of one batch; on several threads a step's time is split as the threads' is.
     *
     * @param staleness rounds before the batch's own that its weights do not hold
     */
    void add(
        long staleness,
        long decodeNanos,
        long loadNanos,
        long forwardNanos,
        long backwardNanos,
        long pushNanos);
  }

  private static final float[] NOTHING = {};

  // configuration
  private final WeightReplica.Cursor weights;
  private final BlockLayout layout;
  private final LongSupplier nanoTime;
  private final Observer observer;

  // runtime
  private final Model model;
  private final ParameterVector parameters;
  private final TouchedValues touched;
  private final TrainingStep step;
  private final ExampleDecoder decoder;
  private final Guard guard;
  private final Clipping clipping;
  private final Compression compression;
  private final boolean meanLoss;

  /**
   * Builds the model.
   *
   * @param userClasses finds the classes that a job brings
   * @param replica has the weights; its gate is open for each batch that comes
   * @param nanoTime as {@link System#nanoTime}
   * @param observer is told of each batch
   */
  MiniBatchTrainer(
      TrainingSettings settings,
      ClassLoader userClasses,
      WeightReplica replica,
      LongSupplier nanoTime,
      Observer observer) {
    this.weights = replica.cursor();
    this.layout = settings.server().layout();
    this.nanoTime = nanoTime;
    this.observer = observer;
    var specified = settings.model();
    Loss loss = specified.loss(userClasses);
    this.model = specified.model(userClasses);
    model.build(settings.input().modelShape(), specified.seed());
    this.parameters = model.parameters();
    this.touched = new TouchedValues(parameters);
    if (parameters.size() != layout.size() || parameters.trainedSize() != layout.trained()) {
      throw new IllegalStateException(
          "the model has %d values of which %d are trained, but the job was submitted with %s: the task managers have other classes than the client"
              .formatted(parameters.size(), parameters.trainedSize(), layout));
    }
    this.step =
        new TrainingStep(
            model,
            loss,
            specified.metrics(userClasses),
            new StepSettings(specified.pieceRows(), specified.threads(), specified.seed()),
            nanoTime);
    this.meanLoss = loss.mean();
    this.guard = new Guard(settings.gradients().maxNorm(), meanLoss);
    this.clipping = settings.gradients().clipping();
    this.compression = settings.gradients().compression();
    this.decoder = new ExampleDecoder(settings.input(), loss.labelClasses(model.outputShape()));
  }

  /**
   * Trains on a mini-batch.
   *
   * @param push takes the messages for the parameter server, which own their arrays
   */
  Trained train(MiniBatch batch, Consumer<Message> push) {
    Trained trained =
        batch.isEmpty() ? new Trained(List.of(), Optional.empty()) : contribute(batch, push);
    if (batch.last()) {
      long batches = batch.isEmpty() ? batch.index() : batch.index() + 1;
      for (BlockRange block : layout.blocks()) {
        push.accept(new Message.Leave(block.index(), batch.virtualWorker(), batches));
      }
    }
    return trained;
  }

  /** Lets a round pass: all blocks hear of it in one go, as of a contribution. */
  void skip(SkippedRound skipped, Consumer<Message> push) {
    for (BlockRange block : layout.blocks()) {
      push.accept(
          new Message.Skip(
              block.index(), skipped.virtualWorker(), skipped.index(), skipped.round()));
    }
  }

  /** Says what is missing, to the block that writes it down. */
  void lose(LostRecords lost, Consumer<Message> push) {
    push.accept(new Message.Lost(0, lost.virtualWorker(), lost.index(), lost.from(), lost.to()));
  }

  private Trained contribute(MiniBatch batch, Consumer<Message> push) {
    long started = nanoTime.getAsLong();
    DecodedBatch decoded = decoder.decode(batch.records());
    long decodedAt = nanoTime.getAsLong();
    long staleness = batch.round() - weights.copyTo(parameters::load);
    long loadedAt = nanoTime.getAsLong();
    StepResult result = step.run(decoded.batch(), batch.virtualWorker(), batch.index());
    Optional<Guard.Skip> skip = guard.refuse(batch, result);
    long steppedAt = nanoTime.getAsLong();
    Header header =
        skip.isPresent() ? Header.skipped(batch.examples()) : header(result, batch.examples());
    if (header.weight() != 0) {
      clipping.clip(parameters, meanLoss ? header.weight() : 1, result.gradientNorm());
    }
    touched.look();
    float[] unsent = compression.keepsResidual() ? batch.residual().of(layout.trained()) : NOTHING;
    for (BlockRange block : layout.blocks()) {
      Gradient gradient = header.weight() == 0 ? new Gradient.None() : gradient(block, unsent);
      GradientParts.cut(
          new Message.Contribution(
              block.index(),
              batch.virtualWorker(),
              batch.index(),
              batch.nextOffset(),
              gradient,
              header),
          layout.chunkFloats(),
          push);
    }
    long forward = Math.round(step.forwardShare() * (steppedAt - loadedAt));
    observer.add(
        staleness,
        decodedAt - started,
        loadedAt - decodedAt,
        forward,
        steppedAt - loadedAt - forward,
        nanoTime.getAsLong() - steppedAt);
    List<Rejected> rejected = decoded.rejected();
    return new Trained(skip.map(why -> why.reject(batch, rejected)).orElse(rejected), skip);
  }

  private static Header header(StepResult result, long records) {
    return new Header(
        result.weightSum(), result.lossSum(), result.metricSums(), result.metricWeights(), records);
  }

  /**
   * The block's slice of the gradient, or of the statistics that this batch proposes. Rows that a
   * batch has named of a table carry every bit; a compression that remembers what it leaves unsent
   * may owe something to any row, so it takes the slice whole.
   */
  private Gradient gradient(BlockRange block, float[] unsent) {
    if (block.trained() && !compression.keepsResidual()) {
      Optional<Gradient.Rows> rows = touched.rows(block, compression.bytes(block.length()));
      if (rows.isPresent()) {
        return rows.get();
      }
    }
    float[] values = new float[block.length()];
    parameters.gradients().read(block.from(), values, 0, values.length);
    return block.trained()
        ? compression.compress(values, unsent, block.from())
        : new Gradient.Dense(values);
  }

  @Override
  public void close() {
    step.close();
    decoder.close();
    model.close();
  }
}
