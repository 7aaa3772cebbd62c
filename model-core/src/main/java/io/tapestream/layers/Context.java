package io.tapestream.layers;

import io.tapestream.autodiff.Variable;
import io.tapestream.random.Philox;
import io.tapestream.tensor.Tensor;
import io.tapestream.tensor.Tracer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a layer may know about the call it serves. Random layers draw from a generator keyed by
 * seed, virtual worker, step, layer and row, so that a batch always meets the same numbers, however
 * it is cut and wherever it runs.
 *
 * @param training whether layers behave as in training (dropout drops)
 * @param seed of the run
 * @param virtualWorker whose batch this is
 * @param step the batch's index in the stream of its virtual worker
 * @param firstRow the index in its batch of the first row of this call
 * @param proposing whether new statistics are proposed to whoever runs the step, see {@link
 *     #moving}
 * @param observer told about each layer's call, or null
 */
public record Context(
    boolean training,
    long seed,
    long virtualWorker,
    long step,
    int firstRow,
    boolean proposing,
    @Nullable Observer observer) {

  /** Sees the calls of layers as they happen. */
  public interface Observer {
    /**
     * Before a layer is called.
     *
     * @param inputs of the call, batch first
     */
    void before(Layer layer, List<Tensor> inputs);

    /**
     * After a layer was called.
     *
     * @param outputs of the call, batch first
     */
    void after(Layer layer, List<Tensor> outputs);
  }

  /**
   * The key by which a layer draws in this step, whatever else draws by other keys.
   *
   * @param layer its number, {@code index()}
   */
  public long key(int layer) {
    long key = Philox.key(Philox.key(seed, virtualWorker), step, layer);
    Tracer tracer = Tracer.current();
    if (tracer != null) {
      tracer.drew(key, layer);
    }
    return key;
  }

  /** Whose batch this is. A step that asks is not captured; random layers ask for a key. */
  @Override
  public long virtualWorker() {
    asked("virtual worker");
    return virtualWorker;
  }

  /** The batch's index. A step that asks is not captured; random layers ask for a key. */
  @Override
  public long step() {
    asked("step");
    return step;
  }

  private static void asked(String what) {
    Tracer tracer = Tracer.current();
    if (tracer != null) {
      tracer.refuse("asks for the context's " + what);
    }
  }

  /** A call that predicts. */
  public static Context inference() {
    return new Context(false, 0, 0, 0, 0, false, null);
  }

  /** A call on a training batch. */
  public static Context training(long seed, long virtualWorker, long step) {
    return new Context(true, seed, virtualWorker, step, 0, false, null);
  }

  /** The same for a piece of the batch that begins at this row. */
  public Context from(int row) {
    return new Context(training, seed, virtualWorker, step, row, proposing, observer);
  }

  /** The same, with each layer's call shown to an observer. */
  public Context observedBy(Observer newObserver) {
    return new Context(training, seed, virtualWorker, step, firstRow, proposing, newObserver);
  }

  /**
   * The same, with new statistics left in their variables' gradients for whoever runs the step: the
   * trainer of a job sends them to the parameter server, {@code fit} takes them over with the
   * update.
   */
  public Context proposingStatistics() {
    return new Context(training, seed, virtualWorker, step, firstRow, true, observer);
  }

  /**
   * The tensor in which a layer moves one of its statistics, in place, when it is called in
   * training; a layer that is called twice moves it twice. In a loop of one's own it is the
   * statistic's value. In a step that {@linkplain #proposingStatistics proposes} it is the place of
   * the statistic in the gradient vector, which holds the value when the step begins.
   *
   * @param statistic from {@link Builder#statistic}
   */
  public Tensor moving(Variable statistic) {
    return proposing ? statistic.gradient() : statistic.value();
  }
}
