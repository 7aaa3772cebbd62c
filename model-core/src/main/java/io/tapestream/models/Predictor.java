package io.tapestream.models;

import io.tapestream.layers.Context;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import io.tapestream.tensor.Workspace;
import io.tapestream.training.StepSettings;
import java.util.concurrent.ConcurrentLinkedDeque;

/** Predicts in pieces, each in a workspace that no other thread uses meanwhile. */
@SuppressWarnings("try") // workspace scopes act by being open
final class Predictor {
  private final Model model;
  private final ConcurrentLinkedDeque<Workspace> idle = new ConcurrentLinkedDeque<>();

  Predictor(Model model) {
    this.model = model;
  }

  /** (n, …input) → (n, …output), owned by the caller. */
  Tensor predict(Tensor features) {
    int n = features.rank() == 0 ? 0 : features.dim(0);
    Shape shape = model.outputShape().prepend(n);
    Tensor predictions;
    try (Workspace.Scope none = Workspace.outside()) {
      predictions = Tensor.allocate(model.parameters().values().dtype(), shape);
    }
    Workspace workspace = idle.pollFirst();
    if (workspace == null) {
      workspace = new Workspace();
    }
    try {
      for (int from = 0; from < n; from += StepSettings.DEFAULT_PIECE_ROWS) {
        int to = Math.min(n, from + StepSettings.DEFAULT_PIECE_ROWS);
        try (Workspace.Scope scope = workspace.enter()) {
          Tensor y = model.apply(features.slice(from, to), Context.inference());
          predictions.slice(from, to).copyFrom(y);
        }
      }
    } finally {
      idle.addFirst(workspace);
    }
    return predictions;
  }

  /** Frees the workspaces; no thread may be predicting. */
  void close() {
    idle.forEach(Workspace::close);
    idle.clear();
  }
}
