package io.tapestream.models;

import io.tapestream.capture.CapturedStep;
import io.tapestream.layers.Context;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import io.tapestream.tensor.Workspace;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;

/** Predicts in pieces, each by a captured step that no other thread uses meanwhile. */
@SuppressWarnings("try") // workspace scopes act by being open
final class Predictor {
  private final Model model;
  private final ConcurrentLinkedDeque<CapturedStep> idle = new ConcurrentLinkedDeque<>();

  Predictor(Model model) {
    this.model = model;
  }

  /**
   * Predicts with at most so many rows at a time.
   *
   * @param inputs each (n, …input)
   * @return each (n, …output), owned by the caller
   */
  List<Tensor> predict(List<Tensor> inputs, int pieceRows) {
    int n = rows(inputs);
    List<Tensor> predictions = new ArrayList<>();
    try (Workspace.Scope none = Workspace.outside()) {
      for (Shape output : model.outputShapes()) {
        predictions.add(Tensor.allocate(model.parameters().values().dtype(), output.prepend(n)));
      }
    }
    CapturedStep step = idle.pollFirst();
    if (step == null) {
      step = new CapturedStep((context, piece) -> model.applyAll(piece, context));
    }
    try {
      int from = 0;
      do {
        piece(step, inputs, from, Math.min(n, from + pieceRows), predictions);
        from += pieceRows;
      } while (from < n); // also of no rows, for the model to refuse wrong ones
    } finally {
      idle.addFirst(step);
    }
    return predictions;
  }

  /** The common number of rows; the model itself refuses examples of other shapes. */
  private int rows(List<Tensor> inputs) {
    model.examplesOf(inputs); // refuses scalars
    int n = inputs.isEmpty() ? 0 : inputs.get(0).dim(0);
    for (Tensor input : inputs) {
      if (input.dim(0) != n) {
        throw new IllegalArgumentException(
            "the inputs of a prediction have one number of rows, got "
                + inputs.stream().map(Tensor::shape).toList());
      }
    }
    return n;
  }

  private static void piece(
      CapturedStep step, List<Tensor> inputs, int from, int to, List<Tensor> predictions) {
    Tensor[] piece = inputs.stream().map(input -> input.slice(from, to)).toArray(Tensor[]::new);
    List<Tensor> outputs = step.run(Context.inference(), piece);
    for (int i = 0; i < outputs.size(); i++) {
      predictions.get(i).slice(from, to).copyFrom(outputs.get(i));
    }
  }

  /** Frees the steps' memory; no thread may be predicting. */
  void close() {
    idle.forEach(CapturedStep::close);
    idle.clear();
  }
}
