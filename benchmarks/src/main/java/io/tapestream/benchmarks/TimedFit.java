package io.tapestream.benchmarks;

import io.tapestream.models.Model;
import io.tapestream.optimizers.Adam;
import io.tapestream.tensor.Tensor;
import io.tapestream.training.Batch;
import io.tapestream.training.FitOptions;
import io.tapestream.training.StepSettings;
import java.time.Duration;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * A model trained in memory by {@code fit}, records/s. A turn is one call; its first steps, in
 * which memory and plans are made, are not counted.
 */
public final class TimedFit implements Contestant, AutoCloseable {
  private static final int UNCOUNTED_STEPS = 3;

  private final Model model;
  private final Batch data;
  private final int batch;
  private final StepSettings settings;

  /**
   * Builds the model.
   *
   * @param features of the examples that are trained on over and over, row by row
   * @param labels one for each example
   * @param batch examples of a step; they divide the examples
   */
  public TimedFit(Workload workload, float[] features, float[] labels, int batch) {
    this(
        compiled(workload),
        Batch.of(
            Tensor.of(features, workload.batched(labels.length).dims()),
            Tensor.of(labels, labels.length)),
        batch,
        StepSettings.of(1));
  }

  /**
   * Takes a model over.
   *
   * @param model compiled
   * @param data the examples that are trained on over and over; closed with the model
   * @param batch examples of a step; they divide the examples
   * @param settings of the steps
   */
  public TimedFit(Model model, Batch data, int batch, StepSettings settings) {
    if (data.size() % batch != 0) {
      throw new IllegalArgumentException(data.size() + " examples are no batches of " + batch);
    }
    this.model = model;
    this.data = data;
    this.batch = batch;
    this.settings = settings;
  }

  private static Model compiled(Workload workload) {
    Model model = workload.model();
    model.build(workload.input(), 1);
    model.compile(new Adam(), workload.loss());
    return model;
  }

  @Override
  public double perSecond(Duration atLeast) {
    Until until = new Until(atLeast.toNanos());
    model.fit(() -> until, FitOptions.of(batch, 1).withStep(settings));
    return until.steps * 1e9 / until.passed * batch;
  }

  @Override
  public void close() {
    model.close();
    data.inputs().forEach(Tensor::close);
    data.targets().forEach(Tensor::close);
    data.weights().close();
  }

  /** The batches in turn until the time is over; asked for the next one, the last has been done. */
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
      int from = (int) Math.floorMod(steps * batch, (long) data.size());
      steps++;
      return data.slice(from, from + batch);
    }
  }
}
