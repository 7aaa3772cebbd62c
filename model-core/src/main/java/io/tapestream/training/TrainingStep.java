package io.tapestream.training;

import io.tapestream.backend.Backends;
import io.tapestream.backend.Crew;
import io.tapestream.layers.Context;
import io.tapestream.losses.Loss;
import io.tapestream.metrics.Metric;
import io.tapestream.models.Model;
import io.tapestream.models.ParameterVector;
import io.tapestream.tensor.Tensor;
import java.util.List;
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
 * <p>Where a batch is one piece, threads share the parts of its larger primitives instead. So the
 * bits of the gradient depend on the batch, the weights and the length of a piece, never on the
 * number of threads. After the first batches a step allocates no more off-heap memory. A step
 * belongs to one caller at a time.
 */
@SuppressWarnings("try") // a crew's scope acts by being open
public final class TrainingStep implements AutoCloseable {
  private final Model model;
  private final Objective objective;
  private final StepSettings settings;
  private final List<PieceWorker> workers;
  private final Crew crew;
  private final BatchGradient gradient;
  private final boolean whole; // whether a batch is one piece
  private final boolean someFrozen;
  private double forwardShare;
  private final GatheredRows counted = new GatheredRows();

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
    this.gradient = new BatchGradient(model);
    this.someFrozen = !gradient.coversAll();
    this.crew = new Crew(settings.threads(), "training-step");
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
    StepResult result = runApart(batch, virtualWorker, step);
    gradient.intoVector();
    return result;
  }

  /** As {@link #run}, but rows of tables stay apart in {@link #gradient}. */
  StepResult runApart(Batch batch, long virtualWorker, long step) {
    model.parameters().proposedStatistics().copyFrom(model.parameters().statistics());
    Totals totals = new Totals(objective);
    Batch rows = counted(batch);
    if (rows.size() == 0 || someFrozen) { // else the first piece overwrites all of it
      model.parameters().clearGradients();
    }
    gradient.begin();
    if (rows.size() == 0) {
      return result(totals, batch.size());
    }
    Context context = Context.training(settings.seed(), virtualWorker, step).proposingStatistics();
    Pieces pieces = Pieces.of(rows.size(), settings, whole);
    AtomicInteger next = new AtomicInteger();
    InOrder order = new InOrder();
    if (pieces.count() == 1) {
      try (Crew.Scope scope = crew.enter()) {
        work(workers.get(0), rows, context, pieces, next, order, totals);
      }
    } else {
      crew.run(
          Math.min(workers.size(), pieces.count()),
          i -> work(workers.get(i), rows, context, pieces, next, order, totals));
    }
    order.rethrow();
    noteTimes();
    return result(totals, batch.size());
  }

  /** The last batch's gradient. */
  BatchGradient gradient() {
    return gradient;
  }

  /** The threads, which between two runs may do other work. */
  Crew crew() {
    return crew;
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
                first ? gradient.first() : worker.partial());
        boolean passed =
            order.pass(
                piece,
                () -> {
                  totals.add(own);
                  gradient.add(first ? gradient.first() : worker.partial());
                });
        if (!passed) {
          return;
        }
      }
    } catch (RuntimeException | Error e) {
      order.fail(e);
    }
  }

  /** The examples that have weight; the batch itself if all have. */
  private Batch counted(Batch batch) {
    double[] weights = batch.weights().toDoubles();
    int[] rows = IntStream.range(0, weights.length).filter(row -> weights[row] != 0).toArray();
    return rows.length == weights.length ? batch : counted.gather(batch, rows, 0, rows.length);
  }

  private StepResult result(Totals totals, int examples) {
    double squares = gradient.squares();
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

  private static double squares(Tensor statistics) {
    return Backends.of(statistics.dtype()).squares(statistics);
  }

  /** Ends the threads and frees the memory. */
  @Override
  public void close() {
    crew.close();
    workers.forEach(PieceWorker::close);
    gradient.close();
    counted.close();
  }
}
