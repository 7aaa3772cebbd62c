package io.tapestream.strategies;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Backends;
import io.tapestream.backend.Binary;
import io.tapestream.capture.CapturedStep;
import io.tapestream.layers.Context;
import io.tapestream.tensor.Tensor;
import io.tapestream.tensor.Tracer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Synchronous data-parallel training on the cores of this machine; TensorFlow's strategy of that
 * name. Each batch of a model that was compiled in its scope is cut into as many shares as there
 * are replicas, of which each core computes one; their gradients are added in the order of the
 * shares, and one update moves the parameters, which the cores have in common.
 *
 * <pre>{@code
 * MirroredStrategy strategy = new MirroredStrategy();
 * try (MirroredStrategy.Scope scope = strategy.scope()) {
 *   model.build(Shape.of(28, 28, 1), 1);
 *   model.compile(new Adam(), new SparseCategoricalCrossEntropy(true));
 * }
 * model.fit(data, FitOptions.of(64 * strategy.numReplicasInSync(), 5));
 * }</pre>
 *
 * <p>A loop of one's own gives each replica its share with {@link #run}, and {@link #reduce}s what
 * they give:
 *
 * <pre>{@code
 * CapturedStep.Body step = (context, in) -> {
 *   try (GradientTape tape = new GradientTape()) {
 *     Tensor losses = lossFunction.perExample(model.apply(in.get(0), context), in.get(1));
 *     Tensor loss = Scale.of(Sum.of(losses), 1.0 / BATCH);
 *     return tape.gradient(loss, model.trainableVariables());
 *   }
 * };
 * for (Batch batch : batches) {
 *   Context context = Context.training(seed, 0, round++);
 *   List<List<Tensor>> perReplica = strategy.run(step, context, batch.features(), batch.labels());
 *   update.applyGradients(strategy.reduce(Reduction.SUM, perReplica));
 * }
 * }</pre>
 *
 * <p>The results are those of one replica on the whole batch, but for rounding, and always the same
 * for the same number of replicas, whatever cores there are. A model with a layer that couples
 * examples, as a batch norm does, is computed whole, on one core.
 */
public final class MirroredStrategy implements AutoCloseable {
  private static final ThreadLocal<@Nullable Scope> CURRENT = new ThreadLocal<>();

  /** How what replicas give becomes one. */
  public enum Reduction {
    /** Added, in the order of the replicas. */
    SUM,
    /** The sum over the number of replicas that gave something. */
    MEAN
  }

  private final int replicas;
  private @Nullable Replicas running;

  /** One replica for each processor that this process has. */
  public MirroredStrategy() {
    this(Runtime.getRuntime().availableProcessors());
  }

  /**
   * So many replicas.
   *
   * @throws IllegalArgumentException if there are none
   */
  public MirroredStrategy(int replicas) {
    if (replicas < 1) {
      throw new IllegalArgumentException("replicas must be at least 1, got " + replicas);
    }
    this.replicas = replicas;
  }

  /** The number of shares that a batch is cut into. */
  public int numReplicasInSync() {
    return replicas;
  }

  /** The scope in which models that this thread compiles are trained so. */
  public Scope scope() {
    return new Scope(this);
  }

  /** The number of replicas for a model that this thread compiles now; 1 outside any scope. */
  public static int currentReplicas() {
    Scope scope = CURRENT.get();
    return scope == null ? 1 : scope.strategy.replicas;
  }

  /**
   * Gives each replica its share of a batch's rows, and does a step on all shares side by side,
   * each on a thread of its own. The shares are as long as each other, but for a row; where there
   * are fewer rows than replicas, some have none and do nothing.
   *
   * <p>For the rest it is a {@link CapturedStep} for each replica: make it once, outside of the
   * loop, and what it does must not depend on anything that it isn't given. Replicas run at once,
   * so a step leaves everything that they have in common as it is: it returns gradients (and does
   * not {@code accumulate} them), and has no layer that learns statistics, such as a batch norm in
   * training. A strategy runs one step at a time.
   *
   * @param context of the whole batch; random layers draw as they would on it
   * @param batch each (n, …)
   * @return per replica that has a share, what its step returned; valid until this step is run
   *     again
   * @throws IllegalStateException inside a tape, which could not see what other threads do
   */
  public List<List<Tensor>> run(CapturedStep.Body step, Context context, Tensor... batch) {
    if (GradientTape.isThreadRecording()) {
      throw new IllegalStateException(
          "a tape around a strategy's run sees nothing of its replicas; open one inside the step");
    }
    Tracer tracer = Tracer.current();
    if (tracer != null) {
      tracer.refuse("runs a strategy's replicas on other threads");
    }
    int rows = rows(batch);
    Replicas all = running;
    if (all == null) {
      running = all = new Replicas(replicas);
    }
    return all.run(step, context, batch, rows);
  }

  private static int rows(Tensor... batch) {
    int rows = batch.length == 0 || batch[0].rank() == 0 ? -1 : batch[0].dim(0);
    for (Tensor part : batch) {
      if (part.rank() == 0 || part.dim(0) != rows) {
        throw new IllegalArgumentException(
            "a batch is tensors (n, …) of one number of rows, got "
                + Arrays.stream(batch).map(Tensor::shape).toList());
      }
    }
    if (rows < 0) {
      throw new IllegalArgumentException("a step is run on at least one tensor (n, …), got none");
    }
    return rows;
  }

  /**
   * Makes one of what each replica gave.
   *
   * @param perReplica as {@link #run} returns it: for each replica as many tensors of the same
   *     shapes
   * @return one tensor of each of those shapes
   */
  public List<Tensor> reduce(Reduction reduction, List<List<Tensor>> perReplica) {
    if (perReplica.isEmpty()) {
      throw new IllegalArgumentException("no replica had a row, so there is nothing to reduce");
    }
    List<Tensor> reduced = new ArrayList<>();
    for (int i = 0; i < perReplica.get(0).size(); i++) {
      reduced.add(reduce(reduction, perReplica, i));
    }
    return List.copyOf(reduced);
  }

  private static Tensor reduce(Reduction reduction, List<List<Tensor>> perReplica, int i) {
    Tensor first = perReplica.get(0).get(i);
    Tensor sum = Tensor.allocate(first.dtype(), first.shape());
    sum.copyFrom(first);
    Backend backend = Backends.of(first.dtype());
    for (List<Tensor> given : perReplica.subList(1, perReplica.size())) {
      if (!given.get(i).shape().equals(first.shape())) {
        throw new IllegalArgumentException(
            "replicas gave %s and %s as output %d; return sums or means over a share's rows"
                .formatted(first.shape(), given.get(i).shape(), i));
      }
      backend.binary(Binary.ADD, sum, given.get(i), sum, false);
    }
    if (reduction == Reduction.MEAN) {
      backend.scale(1.0 / perReplica.size(), sum, sum, false);
    }
    return sum;
  }

  /** Ends the threads and frees the memory that steps have used; what they returned with it. */
  @Override
  public void close() {
    if (running != null) {
      running.close();
      running = null;
    }
  }

  /** A stretch of a program on one thread; closed by try-with-resources. */
  public static final class Scope implements AutoCloseable {
    private final MirroredStrategy strategy;

    private Scope(MirroredStrategy strategy) {
      if (CURRENT.get() != null) {
        throw new IllegalStateException(
            "this thread is in a strategy's scope already; strategies don't nest");
      }
      this.strategy = strategy;
      CURRENT.set(this);
    }

    /** Leaves the scope. */
    @Override
    public void close() {
      if (CURRENT.get() == this) {
        CURRENT.remove();
      }
    }
  }
}
