package io.tapestream.operators.weights;

import io.tapestream.parameterserver.BlockLayout;
import io.tapestream.parameterserver.Weights;
import io.tapestream.parameterserver.consistency.Consistency;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The newest weights that one trainer's process has been handed, and the gate that they open.
 *
 * <p>Two threads meet here: the weight return's, which only calls {@link #receive}, and the
 * trainer's, which asks the gate and copies the weights into its model between two steps. Blocks
 * are kept by reference and copied once, so a block that arrives during a step never touches it.
 *
 * <pre>{@code
 * weight return            source's reader                    trainer
 * receive(weights) ──────► onAdvance(wake)
 *                          if (mayStart(vw, batch)) emit ───► copyTo(parameters::load); step
 * }</pre>
 */
public final class WeightReplica {

  /** Where the values of blocks go: {@code ParameterVector::load}. */
  @FunctionalInterface
  public interface Target {

    /** Takes {@code length} values, to stand in the flat parameter vector from {@code to} on. */
    void load(int to, float[] source, int from, int length);
  }

  // configuration
  private final BlockLayout layout;
  private final Consistency consistency;

  // runtime
  private final Object lock = new Object();

  private final @Nullable Weights[] newest; // guarded by lock
  private @Nullable Weights[] uncopied; // guarded by lock; what copyTo has not seen of newest
  private final List<Runnable> wakes = new ArrayList<>(); // guarded by lock
  private long round = -1; // guarded by lock
  private long busyRounds = -1; // guarded by lock

  /** A replica that holds nothing yet, so that its gate is closed. */
  public WeightReplica(BlockLayout layout, Consistency consistency) {
    this.layout = layout;
    this.consistency = consistency;
    this.newest = new Weights[layout.count()];
    this.uncopied = new Weights[layout.count()];
  }

  /**
   * Takes one block's new weights and wakes whoever waits, if all blocks together have reached a
   * later round, or a batch has come that ends a silence.
   */
  public void receive(Weights weights) {
    int expected = layout.block(weights.block()).length();
    if (weights.values().length != expected) {
      throw new IllegalArgumentException(
          "block %d has %d values here, but %d arrived: server and trainer were built with"
                  .formatted(weights.block(), expected, weights.values().length)
              + " different layouts");
    }
    List<Runnable> woken = List.of();
    synchronized (lock) {
      newest[weights.block()] = weights;
      uncopied[weights.block()] = weights;
      long reached = minimumRound();
      boolean silenceEnds = weights.busyRounds() > Math.max(busyRounds, weights.round());
      busyRounds = Math.max(busyRounds, weights.busyRounds());
      if (reached > round || silenceEnds) {
        round = reached;
        woken = List.copyOf(wakes);
      }
    }
    woken.forEach(Runnable::run);
  }

  /** Whether a batch that counts in this round may be trained on with the weights at hand. */
  public boolean mayStart(long round) {
    return all(w -> consistency.mayStart(round, w.round()));
  }

  /**
   * The round in which a virtual worker's next batch counts. What the weights at hand say holds as
   * long as the virtual worker has sent nothing since; who asks counts on by itself.
   *
   * @throws IllegalStateException before all blocks are here
   */
  public long roundOf(int virtualWorker, long batch) {
    synchronized (lock) {
      Weights any = newest[0];
      if (round < 0 || any == null) {
        throw new IllegalStateException("no weights have come that could tell the round");
      }
      return any.roundOf(virtualWorker, batch);
    }
  }

  /** Whether the weights at hand hold the first {@code batches} batches of a virtual worker. */
  public boolean holds(int virtualWorker, long batches) {
    return all(w -> w.applied()[virtualWorker] >= batches);
  }

  /**
   * Runs {@code wake} whenever all blocks have reached a later round, on the thread that delivers
   * the weights; so it must be short and must not throw when its waiter has gone.
   */
  public void onAdvance(Runnable wake) {
    synchronized (lock) {
      wakes.add(wake);
    }
  }

  /** The rounds that every block holds complete, or -1 while one is missing. */
  public long round() {
    synchronized (lock) {
      return round;
    }
  }

  /** The rounds up to the last one that is known to have a batch in it. */
  public long busyRounds() {
    synchronized (lock) {
      return busyRounds;
    }
  }

  /**
   * Copies the blocks that have changed since the last call; for the trainer's thread alone. A
   * trainer asks the gate first: while it is closed blocks may be missing.
   */
  public void copyTo(Target target) {
    @Nullable Weights[] arrived;
    synchronized (lock) {
      arrived = uncopied;
      uncopied = new Weights[layout.count()];
    }
    for (Weights weights : arrived) {
      if (weights != null) {
        int from = layout.block(weights.block()).from();
        target.load(from, weights.values(), 0, weights.values().length);
      }
    }
  }

  private boolean all(Predicate<Weights> condition) {
    synchronized (lock) {
      return Arrays.stream(newest).allMatch(w -> w != null && condition.test(w));
    }
  }

  private long minimumRound() {
    return Arrays.stream(newest).mapToLong(w -> w == null ? -1 : w.round()).min().orElse(-1);
  }
}
