package io.tapestream.training;

import io.tapestream.autodiff.TouchedRows;
import io.tapestream.models.Model;
import io.tapestream.models.ParameterVector;
import io.tapestream.models.ParameterVector.Entry;
import io.tapestream.tensor.Tensor;
import io.tapestream.tensor.Workspace;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a piece's gradient of a model's trained parameters goes: one flat vector, and beside it the
 * rows of tables that the piece's examples have named.
 */
@SuppressWarnings("try") // workspace scopes act by being open
final class GradientRoom implements AutoCloseable {
  private final Tensor flat;
  private final List<Tensor> views;
  private final List<@Nullable TouchedRows> touched;
  private final boolean own;

  private GradientRoom(Tensor flat, ParameterVector parameters, List<Entry> places, boolean own) {
    this.flat = flat;
    this.views = parameters.viewsOf(flat, places);
    this.touched = ParameterVector.rowsBeside(places, views);
    this.own = own;
  }

  /** The model's own vector. */
  static GradientRoom of(Model model) {
    ParameterVector parameters = model.parameters();
    return new GradientRoom(parameters.gradients(), parameters, model.trainableEntries(), false);
  }

  /** Another one, to be added to the model's. */
  static GradientRoom beside(Model model) {
    ParameterVector parameters = model.parameters();
    try (Workspace.Scope none = Workspace.outside()) {
      Tensor flat = Tensor.zeros(parameters.values().dtype(), parameters.values().shape());
      return new GradientRoom(flat, parameters, model.trainableEntries(), true);
    }
  }

  /** The vector. */
  Tensor flat() {
    return flat;
  }

  /** Per trained variable. */
  List<Tensor> views() {
    return views;
  }

  /** Per trained variable; null where rows are not kept apart. */
  List<@Nullable TouchedRows> touched() {
    return touched;
  }

  @Override
  public void close() {
    for (TouchedRows rows : touched) {
      if (rows != null) {
        rows.close();
      }
    }
    if (own) {
      flat.close();
    }
  }
}
