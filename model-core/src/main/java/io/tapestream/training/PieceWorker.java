package io.tapestream.training;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.autodiff.Variable;
import io.tapestream.layers.Context;
import io.tapestream.models.Model;
import io.tapestream.models.ParameterVector.Entry;
import io.tapestream.tensor.Tensor;
import io.tapestream.tensor.Workspace;
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
  private final List<Entry> trained;
  private final List<Variable> variables;
  private final Workspace workspace = new Workspace();
  private final LongSupplier nanoTime;
  private @Nullable Partial partial;
  private long forwardNanos;
  private long backwardNanos;

  /** A piece's gradient: flat, and as views per variable. */
  record Partial(Tensor flat, List<Tensor> views) {}

  PieceWorker(Model model, Objective objective) {
    this(model, objective, () -> 0);
  }

  /**
   * @param nanoTime as {@link System#nanoTime}
   */
  PieceWorker(Model model, Objective objective, LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.model = model;
    this.objective = objective;
    this.trained = model.trainableEntries();
    this.variables = model.parameters().variablesOf(trained);
  }

  /** This worker's room for a gradient, made when it is first needed. */
  Partial partial() {
    if (partial == null) {
      Tensor flat;
      try (Workspace.Scope none = Workspace.outside()) {
        flat =
            Tensor.zeros(model.parameters().values().dtype(), model.parameters().values().shape());
        partial = new Partial(flat, model.parameters().viewsOf(flat, trained));
      }
    }
    return partial;
  }

  /**
   * Computes loss and gradient of rows {@code from … to-1}.
   *
   * @param gradient per trained variable; the gradient of the summed weighted loss is added to it
   */
  Totals differentiate(Batch batch, int from, int to, Context context, List<Tensor> gradient) {
    try (Workspace.Scope scope = workspace.enter();
        GradientTape tape = new GradientTape()) {
      long started = nanoTime.getAsLong();
      Batch piece = batch.slice(from, to);
      List<Tensor> predictions = model.applyAll(piece.inputs(), context.from(from));
      Tensor losses = objective.perExample(predictions, piece.targets());
      long predicted = nanoTime.getAsLong();
      tape.accumulate(losses, piece.weights(), variables, gradient);
      Totals totals = Totals.of(piece, predictions, losses, objective);
      forwardNanos += predicted - started;
      backwardNanos += nanoTime.getAsLong() - predicted;
      return totals;
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
      List<Tensor> predictions = model.applyAll(piece.inputs(), Context.inference());
      Tensor losses = objective.perExample(predictions, piece.targets());
      return Totals.of(piece, predictions, losses, objective);
    }
  }

  @Override
  public void close() {
    workspace.close();
    if (partial != null) {
      partial.flat().close();
      partial = null;
    }
  }
}
