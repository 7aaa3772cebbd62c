package io.tapestream.training;

import io.tapestream.backend.Backends;
import io.tapestream.backend.Binary;
import io.tapestream.layers.Context;
import io.tapestream.losses.Loss;
import io.tapestream.metrics.Metric;
import io.tapestream.models.Model;
import io.tapestream.models.ParameterVector;
import io.tapestream.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * From a batch to the gradient of its summed loss:
 *
 * <pre>
 * batch → pieces of fixed length → forward, backward, each on some thread → partial gradients
 *       → added in piece order → model.parameters().gradients()
 * </pre>
 *
 * <p>So the bits of the gradient depend on the batch, the weights and the length of a piece, never
 * on the number of threads. After the first batches a step allocates no more off-heap memory. A
 * step belongs to one caller at a time.
 */
public final class TrainingStep implements AutoCloseable {
  private static final int CHUNK_FLOATS = 16 * 1024;

  private final Model model;
  private final Objective objective;
  private final StepSettings settings;
  private final List<PieceWorker> workers;
  private final ExecutorService helpers;
  private final List<Tensor> gradientViews;
  private final Tensor trainedGradient;
  private final boolean whole; // whether a batch is one piece
  private final boolean someFrozen;
  private double forwardShare;
  private final GatheredRows counted = new GatheredRows();
  private final float[] chunk = new float[CHUNK_FLOATS];

  /**
   * A step of a built model.
   *
   * @param metrics measured on each batch before it is trained on; {@code Accuracy} is resolved by
   *     the loss
   */
  public TrainingStep(Model model, Loss loss, List<Metric> metrics, StepSettings settings) {
    this(model, loss, metrics, settings, () -> 0);
  }

  /**
   * A step that also measures its time.
   *
   * @param metrics as above
   * @param nanoTime as {@link System#nanoTime}
   */
  public TrainingStep(
      Model model, Loss loss, List<Metric> metrics, StepSettings settings, LongSupplier nanoTime) {
    this(model, Objective.of(loss, metrics), settings, nanoTime);
  }

  /** A step of a model with any number of outputs. */
  TrainingStep(Model model, Objective objective, StepSettings settings, LongSupplier nanoTime) {
    this.model = model;
    this.objective = objective;
    this.settings = settings;
    this.whole = model.couplesExamples();
    this.workers =
        Stream.generate(() -> new PieceWorker(model, objective, settings.eagerly(), nanoTime))
            .limit(settings.threads())
            .toList();
    ParameterVector parameters = model.parameters();
    this.gradientViews = parameters.viewsOf(parameters.gradients(), model.trainableEntries());
    this.someFrozen =
        gradientViews.stream().mapToInt(Tensor::size).sum() < parameters.trainedSize();
    this.trainedGradient = parameters.gradients().slice(0, parameters.trainedSize());
    AtomicInteger named = new AtomicInteger();
    this.helpers =
        Executors.newFixedThreadPool(
            Math.max(1, settings.threads() - 1),
            task -> {
              Thread thread = new Thread(task, "training-step-" + named.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
  }

  /** The metrics, in the order of {@link StepResult#metricSums}. */
  public List<Metric> metrics() {
    return objective.metrics();
  }

  /**
   * Computes loss, metrics and gradient. The gradient of {@code Σ weight · loss}, not divided by
   * anything, is left in {@code model.parameters().gradients()}, and behind it the {@linkplain
   * ParameterVector#proposedStatistics new statistics}. The model sees only examples that have
   * weight: what it would make of the others, 0 · NaN perhaps, reaches no sum. If there are none,
   * the gradient is zero and the model is not called.
   *
   * @param virtualWorker whose batch this is, for random layers
   * @param step the batch's index in its stream, for random layers
   * @throws IllegalArgumentException if the batch doesn't fit the model, naming the layer and the
   *     shapes
   */
  public StepResult run(Batch batch, long virtualWorker, long step) {
    model.parameters().proposedStatistics().copyFrom(model.parameters().statistics());
    Totals totals = new Totals(objective);
    Batch rows = counted(batch);
    if (rows.size() == 0 || someFrozen) { // else the first piece overwrites all of it
      trainedGradient.clear();
    }
    if (rows.size() == 0) {
      return result(totals, batch.size());
    }
    Context context = Context.training(settings.seed(), virtualWorker, step).proposingStatistics();
    Pieces pieces = Pieces.of(rows.size(), settings, whole);
    AtomicInteger next = new AtomicInteger();
    InOrder order = new InOrder();
    List<CompletableFuture<Void>> helping = new ArrayList<>();
    for (int i = 1; i < Math.min(workers.size(), pieces.count()); i++) {
      PieceWorker worker = workers.get(i);
      helping.add(
          CompletableFuture.runAsync(
              () -> work(worker, rows, context, pieces, next, order, totals), helpers));
    }
    work(workers.get(0), rows, context, pieces, next, order, totals);
    helping.forEach(CompletableFuture::join);
    order.rethrow();
    noteTimes();
    return result(totals, batch.size());
  }

  private void noteTimes() {
    long forward = workers.stream().mapToLong(PieceWorker::takeForwardNanos).sum();
    long backward = workers.stream().mapToLong(PieceWorker::takeBackwardNanos).sum();
    forwardShare = forward == 0 ? 0 : (double) forward / (forward + backward);
  }

  /**
   * Of the time that the threads spent in the last run that called the model, the share of
   * predictions and loss, from 0 to 1; the rest is the gradient's and the metrics'. 0 where time is
   * not measured.
   */
  public double forwardShare() {
    return forwardShare;
  }

  /** Computes pieces until there are no more; the first one straight into the gradient vector. */
  private void work(
      PieceWorker worker,
      Batch batch,
      Context context,
      Pieces pieces,
      AtomicInteger next,
      InOrder order,
      Totals totals) {
    try {
      for (int piece = next.getAndIncrement();
          piece < pieces.count();
          piece = next.getAndIncrement()) {
        boolean first = piece == 0;
        Totals own =
            worker.differentiate(
                batch,
                pieces.from(piece),
                pieces.to(piece),
                context,
                first ? gradientViews : worker.partial().views());
        boolean passed =
            order.pass(
                piece,
                () -> {
                  totals.add(own);
                  if (!first) {
                    add(worker.partial().flat());
                  }
                });
        if (!passed) {
          return;
        }
      }
    } catch (RuntimeException | Error e) {
      order.fail(e);
    }
  }

  private void add(Tensor partial) {
    Tensor trained = partial.slice(0, trainedGradient.size());
    Backends.of(partial.dtype())
        .binary(Binary.ADD, trainedGradient, trained, trainedGradient, false);
  }

  /** The examples that have weight; the batch itself if all have. */
  private Batch counted(Batch batch) {
    double[] weights = batch.weights().toDoubles();
    int[] rows = IntStream.range(0, weights.length).filter(row -> weights[row] != 0).toArray();
    return rows.length == weights.length ? batch : counted.gather(batch, rows, 0, rows.length);
  }

  private StepResult result(Totals totals, int examples) {
    double squares = squares(trainedGradient);
    return new StepResult(
        totals.lossSum,
        totals.weightSum,
        examples,
        totals.metricSums,
        totals.metricWeights,
        Double.isFinite(totals.lossSum)
            && Double.isFinite(squares)
            && Double.isFinite(squares(model.parameters().proposedStatistics())),
        Math.sqrt(squares));
  }

  /** Σx² in double, over four interleaved sums, so that one addition needn't wait for the other. */
  private double squares(Tensor vector) {
    double s0 = 0;
    double s1 = 0;
    double s2 = 0;
    double s3 = 0;
    int size = vector.size();
    for (int from = 0; from < size; from += CHUNK_FLOATS) {
      int n = Math.min(CHUNK_FLOATS, size - from);
      vector.read(from, chunk, 0, n);
      int i = 0;
      for (; i + 3 < n; i += 4) {
        s0 += (double) chunk[i] * chunk[i];
        s1 += (double) chunk[i + 1] * chunk[i + 1];
        s2 += (double) chunk[i + 2] * chunk[i + 2];
        s3 += (double) chunk[i + 3] * chunk[i + 3];
      }
      for (; i < n; i++) {
        s0 += (double) chunk[i] * chunk[i];
      }
    }
    return (s0 + s1) + (s2 + s3);
  }

  /** Ends the threads and frees the memory. */
  @Override
  public void close() {
    helpers.shutdown();
    workers.forEach(PieceWorker::close);
    counted.close();
  }
}
