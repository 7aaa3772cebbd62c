package io.tapestream.strategies;

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
 * <p>The results are those of one replica on the whole batch, but for rounding, and always the same
 * for the same number of replicas, whatever cores there are. A model with a layer that couples
 * examples, as a batch norm does, is computed whole, on one core.
 */
public final class MirroredStrategy {
  private static final ThreadLocal<@Nullable Scope> CURRENT = new ThreadLocal<>();

  private final int replicas;

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
