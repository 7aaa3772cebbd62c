package io.tapestream.training;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.autodiff.Variable;
import io.tapestream.capture.CapturedStep;
import io.tapestream.layers.Context;
import io.tapestream.models.Model;
import io.tapestream.tensor.Tensor;
import io.tapestream.tensor.Workspace;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What one thread needs to compute pieces of a batch: its memory, and room for a piece's gradient.
 */
@SuppressWarnings("try") // workspace scopes act by being open
final class PieceWorker implements AutoCloseable {
  private final Model model;
  private final Objective objective;
  private final List<Variable> variables;
  private final Workspace workspace = new Workspace();
  private final LongSupplier nanoTime;
  private @Nullable GradientRoom partial;
  private final boolean eagerly;
  private final IdentityHashMap<GradientRoom, CapturedStep> steps = new IdentityHashMap<>();
  private @Nullable CapturedStep scoring;
  private long predicted;
  private long forwardNanos;
  private long backwardNanos;

  /**
   * @param eagerly whether steps are never captured
   * @param nanoTime as {@link System#nanoTime}
   */
  PieceWorker(Model model, Objective objective, boolean eagerly, LongSupplier nanoTime) {
    this.eagerly = eagerly;
    this.nanoTime = nanoTime;
    this.model = model;
    this.objective = objective;
    this.variables = model.parameters().variablesOf(model.trainableEntries());
  }

  /** This worker's room for a gradient, made when it is first needed. */
  GradientRoom partial() {
    if (partial == null) {
      partial = GradientRoom.beside(model);
    }
    return partial;
  }

  /**
   * Computes loss and gradient of rows {@code from … to-1}.
   *
   * @param gradient overwritten by the gradient of the summed weighted loss
   */
  Totals differentiate(Batch batch, int from, int to, Context context, GradientRoom gradient) {
    try (Workspace.Scope scope = workspace.enter()) {
      long started = nanoTime.getAsLong();
      Batch piece = batch.slice(from, to);
      List<Tensor> results =
          step(piece, gradient).run(context.from(from), piece.tensors().toArray(Tensor[]::new));
      List<Tensor> predictions = results.subList(1, results.size());
      Totals totals = Totals.of(piece, predictions, results.get(0), objective);
      forwardNanos += predicted - started;
      backwardNanos += nanoTime.getAsLong() - predicted;
      return totals;
    }
  }

  /**
   * The step that leaves its gradient there: from a piece's tensors to losses and predictions.
   * Gradients lie in one place or two, a worker's own and the model's.
   */
  private CapturedStep step(Batch like, GradientRoom gradient) {
    int inputs = like.inputs().size();
    return steps.computeIfAbsent(
        gradient,
        into ->
            new CapturedStep(
                (context, tensors) -> differentiate(Batch.of(inputs, tensors), context, into),
                eagerly));
  }

  private List<Tensor> differentiate(Batch piece, Context context, GradientRoom gradient) {
    try (GradientTape tape = new GradientTape()) {
      List<Tensor> results = losses(piece, context);
      CapturedStep.alsoApart(() -> predicted = nanoTime.getAsLong());
      tape.gradientInto(
          results.get(0), piece.weights(), variables, gradient.views(), gradient.touched());
      return results;
    }
  }

  /** The time that {@link #differentiate} took for predictions and loss since the last call. */
  long takeForwardNanos() {
    long taken = forwardNanos;
    forwardNanos = 0;
    return taken;
  }

  /** The rest of the time that {@link #differentiate} took since the last call. */
  long takeBackwardNanos() {
    long taken = backwardNanos;
    backwardNanos = 0;
    return taken;
  }

  /** Computes loss and metrics of rows {@code from … to-1}. */
  Totals score(Batch batch, int from, int to) {
    try (Workspace.Scope scope = workspace.enter()) {
      Batch piece = batch.slice(from, to);
      List<Tensor> results =
          scoring(piece).run(Context.inference(), piece.tensors().toArray(Tensor[]::new));
      return Totals.of(piece, results.subList(1, results.size()), results.get(0), objective);
    }
  }

  private CapturedStep scoring(Batch like) {
    if (scoring == null) {
      int inputs = like.inputs().size();
      scoring =
          new CapturedStep(
              (context, tensors) -> losses(Batch.of(inputs, tensors), context), eagerly);
    }
    return scoring;
  }

  /** Losses, and behind them predictions. */
  private List<Tensor> losses(Batch piece, Context context) {
    List<Tensor> predictions = model.applyAll(piece.inputs(), context);
    List<Tensor> results = new ArrayList<>(predictions);
    results.add(0, objective.perExample(predictions, piece.targets()));
    return results;
  }

  @Override
  public void close() {
    steps.values().forEach(CapturedStep::close);
    steps.clear();
    if (scoring != null) {
      scoring.close();
      scoring = null;
    }
    workspace.close();
    if (partial != null) {
      partial.close();
      partial = null;
    }
  }
}
