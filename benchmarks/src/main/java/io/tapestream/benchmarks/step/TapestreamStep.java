package io.tapestream.benchmarks.step;

import io.tapestream.benchmarks.TimedFit;
import io.tapestream.benchmarks.peers.DjlTrainer;
import io.tapestream.benchmarks.step.StepModel.Rule;
import io.tapestream.models.Model;
import io.tapestream.optimizers.Adam;
import io.tapestream.optimizers.Optimizer;
import io.tapestream.optimizers.Sgd;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import io.tapestream.training.Batch;
import io.tapestream.training.StepSettings;
import java.util.ArrayList;
import java.util.List;

/** A model trained on one batch over and over by {@code fit}. */
final class TapestreamStep {

  /** The model, compiled, on one batch. */
  static TimedFit of(StepModel kind, Rule rule, Examples examples, StepSettings settings) {
    Model model = kind.tapestream();
    int n = examples.labels().length;
    List<Tensor> inputs = new ArrayList<>();
    inputs.add(Tensor.of(examples.numbers(), batched(kind.input(), n)));
    List<Shape> shapes = new ArrayList<>(List.of(kind.input()));
    if (kind.hasIds()) {
      inputs.add(Tensor.of(examples.ids(), n, StepModel.FEATURES));
      shapes.add(Shape.of(StepModel.FEATURES));
    }
    Tensor labels =
        kind.classes() > 2 ? Tensor.of(examples.labels(), n) : Tensor.of(examples.labels(), n, 1);
    model.build(shapes, 1);
    model.compile(optimizer(rule), kind.loss());
    return new TimedFit(model, Batch.of(inputs, List.of(labels)), n, settings);
  }

  private static int[] batched(Shape example, int n) {
    int[] dims = new int[example.rank() + 1];
    dims[0] = n;
    System.arraycopy(example.dims(), 0, dims, 1, example.rank());
    return dims;
  }

  private static Optimizer optimizer(Rule rule) {
    return rule == Rule.ADAM
        ? new Adam(DjlTrainer.LEARNING_RATE)
        : new Sgd(DjlTrainer.LEARNING_RATE);
  }

  private TapestreamStep() {}
}
