package io.tapestream.training;

import io.tapestream.layers.Context;
import io.tapestream.layers.Layer;
import io.tapestream.models.Model;
import io.tapestream.tensor.Tensor;
import io.tapestream.tensor.Workspace;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Finds out where a step left the finite numbers, by doing its forward pass again. */
@SuppressWarnings("try") // workspace scopes act by being open
final class NotFinite implements Context.Observer {
  private static final String ADVICE = "; lower the learning rate, or clip the gradient";

  private @Nullable String first;

  /**
   * Where it was: in the data, in which layer's output, in the loss or in the gradient.
   *
   * @param result of the step
   * @param context of the step
   */
  static String where(Model model, Batch batch, StepResult result, Context context) {
    double[] weights = batch.weights().toDoubles();
    int[] counted = IntStream.range(0, weights.length).filter(row -> weights[row] != 0).toArray();
    String inData = inData(batch, counted);
    if (inData != null) {
      return inData;
    }
    NotFinite seen = new NotFinite();
    try (GatheredRows gathered = new GatheredRows();
        Workspace memory = new Workspace()) {
      Batch rows = gathered.gather(batch, counted, 0, counted.length);
      try (Workspace.Scope scope = memory.enter()) {
        model.applyAll(rows.inputs(), context.observedBy(seen));
      }
    }
    if (seen.first != null) {
      return seen.first + ADVICE;
    }
    return (Double.isFinite(result.lossSum())
            ? "predictions and loss are finite, but the gradient's norm is " + result.gradientNorm()
            : "predictions are finite, but the loss is " + result.lossSum() / result.weightSum())
        + ADVICE;
  }

  private static @Nullable String inData(Batch batch, int[] rows) {
    List<Tensor> tensors = batch.tensors();
    int inputs = batch.inputs().size();
    for (int i = 0; i < tensors.size(); i++) {
      String name =
          i < inputs
              ? named("input", i, inputs)
              : i < tensors.size() - 1
                  ? named("target", i - inputs, batch.targets().size())
                  : "weights";
      double[] values = tensors.get(i).toDoubles();
      int width = values.length / batch.size();
      for (int row : rows) {
        for (int at = row * width; at < (row + 1) * width; at++) {
          if (!Double.isFinite(values[at])) {
            return "%s %s holds %s in row %d"
                .formatted(name, tensors.get(i).shape(), values[at], row);
          }
        }
      }
    }
    return null;
  }

  private static String named(String what, int number, int of) {
    return of == 1 ? "the " + what : what + " " + number;
  }

  @Override
  public void before(Layer layer, List<Tensor> inputs) {}

  /** Of layers in layers, the inner one is seen first. */
  @Override
  public void after(Layer layer, List<Tensor> outputs) {
    for (Tensor output : outputs) {
      if (first == null && !isFinite(output)) {
        first = layer + " is the first whose output is not finite, " + output.shape();
      }
    }
  }

  private static boolean isFinite(Tensor tensor) {
    for (double value : tensor.toDoubles()) {
      if (!Double.isFinite(value)) {
        return false;
      }
    }
    return true;
  }
}
