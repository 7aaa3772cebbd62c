package io.tapestream.training;

import io.tapestream.clipping.Clipping;
import io.tapestream.losses.Loss;
import io.tapestream.metrics.Metric;
import io.tapestream.models.Model;
import io.tapestream.optimizers.Optimizer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * Trains a model in memory: step, update, step, update. The optimizer's memory lasts from one run
 * to the next.
 */
public final class Fit {
  private final Model model;
  private final Loss loss;
  private final List<Metric> metrics;
  private final VectorUpdate update;
  private long steps;

  /** Training of a built model. */
  public Fit(Model model, Optimizer optimizer, Loss loss, List<Metric> metrics) {
    this.model = model;
    this.loss = loss;
    this.metrics = metrics.stream().map(metric -> metric.forLoss(loss)).toList();
    this.update = new VectorUpdate(model.parameters(), optimizer);
  }

  /** Trains on data that lies in memory. */
  public History run(Batch data, FitOptions options) {
    try (Epochs epochs = new Epochs(data, options)) {
      return run(epochs, options);
    }
  }

  /** Trains on batches as they come. */
  public History run(Iterable<Batch> batches, FitOptions options) {
    List<Scores> epochs = new ArrayList<>();
    try (TrainingStep step = new TrainingStep(model, loss, metrics, options.step())) {
      for (int epoch = 0; epoch < options.epochs(); epoch++) {
        Totals totals = new Totals(metrics.size());
        for (Iterator<Batch> i = batches.iterator(); i.hasNext(); ) {
          totals.add(train(step, i.next(), options.clipping()));
        }
        epochs.add(Scores.of(totals, loss, metrics));
      }
    }
    return new History(epochs);
  }

  private StepResult train(TrainingStep step, Batch batch, Clipping clipping) {
    long round = steps++;
    StepResult result = step.run(batch, 0, round);
    if (!result.finite()) {
      throw new ArithmeticException(
          "step "
              + round
              + " since compile has no finite gradient: "
              + result
              + "; nothing was applied. Lower the learning rate, or look for NaN in the data");
    }
    if (result.weightSum() != 0) {
      double divisor = loss.mean() ? result.weightSum() : 1;
      clipping.clip(model.parameters(), divisor, result.gradientNorm());
      update.apply(divisor, round);
    }
    return result;
  }

  /** Loss and metrics of the model as it is, in inference. */
  public Scores evaluate(Batch data) {
    Totals totals = new Totals(metrics.size());
    try (PieceWorker worker = new PieceWorker(model, loss, metrics)) {
      for (int from = 0; from < data.size(); from += StepSettings.DEFAULT_PIECE_ROWS) {
        int to = Math.min(data.size(), from + StepSettings.DEFAULT_PIECE_ROWS);
        totals.add(worker.score(data, from, to));
      }
    }
    return Scores.of(totals, loss, metrics);
  }
}
