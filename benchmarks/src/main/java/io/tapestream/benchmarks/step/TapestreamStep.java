package io.tapestream.benchmarks.step;

import io.tapestream.benchmarks.Contestant;
import io.tapestream.benchmarks.peers.DjlTrainer;
import io.tapestream.benchmarks.step.StepModel.Rule;
import io.tapestream.models.Model;
import io.tapestream.optimizers.Adam;
import io.tapestream.optimizers.Optimizer;
import io.tapestream.optimizers.Sgd;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import io.tapestream.training.Batch;
import io.tapestream.training.FitOptions;
import io.tapestream.training.StepSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;

/** A model trained on one batch over and over by {@code fit}. */
final class TapestreamStep implements Contestant, AutoCloseable {
  private static final int UNCOUNTED_STEPS = 3; // in which memory, plans and programs are made

  private final Model model;
  private final Batch batch;
  private final StepSettings settings;

  TapestreamStep(StepModel kind, Rule rule, Examples examples, StepSettings settings) {
    this.model = kind.tapestream();
    this.settings = settings;
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
    this.batch = Batch.of(inputs, List.of(labels));
    model.build(shapes, 1);
    model.compile(optimizer(rule), kind.loss());
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

  /** Steps a second. */
  @Override
  public double perSecond(Duration atLeast) {
    Until until = new Until(atLeast.toNanos());
    model.fit(() -> until, FitOptions.of(batch.size(), 1).withStep(settings));
    return until.steps * 1e9 / until.passed;
  }

  @Override
  public void close() {
    model.close();
    batch.inputs().forEach(Tensor::close);
    batch.targets().forEach(Tensor::close);
    batch.weights().close();
  }

  /** The batch until the time is over; asked for it again, the last step has been done. */
  private final class Until implements Iterator<Batch> {
    private final long atLeast;
    private long steps = -UNCOUNTED_STEPS;
    private long start;
    private long passed;

    Until(long atLeast) {
      this.atLeast = atLeast;
    }

    @Override
    public boolean hasNext() {
      if (steps == 0 && start == 0) {
        start = System.nanoTime();
      }
      passed = steps > 0 ? System.nanoTime() - start : 0;
      return passed < atLeast;
    }

    @Override
    public Batch next() {
      if (!hasNext()) {
        throw new NoSuchElementException("the turn is over");
      }
      steps++;
      return batch;
    }
  }
}
