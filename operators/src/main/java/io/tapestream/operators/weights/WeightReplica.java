package io.tapestream.operators.weights;

import io.tapestream.parameterserver.BlockLayout;
import io.tapestream.parameterserver.Weights;
import io.tapestream.parameterserver.consistency.Consistency;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The newest weights that one trainer's process has been handed, and the gate that they open.
 *
 * <p>Two threads meet here: the weight return's, which only calls {@link #receive}, and the
 * trainer's, which asks the gate and copies the weights into its model between two steps. Blocks
 * are kept by reference, and those that came during a step wait in one of two lists, which change
 * places between two steps: what arrives during a step never touches it, and is copied once (R16).
 *
 * <pre>{@code
 * weight return            source's reader                    trainer
 * receive(weights) ──────► onAdvance(wake)
 *                          if (mayStart(round)) emit ────► copyTo(parameters::load); step
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
  private @Nullable Weights[] arriving; // guarded by lock; what copyTo has not seen of newest
  private final List<Runnable> wakes = new ArrayList<>(); // guarded by lock
  private long round = -1; // guarded by lock
  private long progress = -1; // guarded by lock
  private long busyRounds = -1; // guarded by lock

  private @Nullable Weights[] copying; // the trainer's thread's
  private final long[] copiedRounds; // the trainer's thread's; by block

  /** A replica that holds nothing yet, so that its gate is closed. */
  public WeightReplica(BlockLayout layout, Consistency consistency) {
    this.layout = layout;
    this.consistency = consistency;
    this.newest = new Weights[layout.count()];
    this.arriving = new Weights[layout.count()];
    this.copying = new Weights[layout.count()];
    this.copiedRounds = new long[layout.count()];
    Arrays.fill(copiedRounds, -1);
  }

  /**
   * Takes one block's new weights and wakes whoever waits, if all blocks together have reached a
   * later round or hold more batches, or a batch has come that ends a silence.
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
      arriving[weights.block()] = weights;
      long reached = minimum(Weights::progress);
      boolean silenceEnds = weights.busyRounds() > Math.max(busyRounds, weights.round());
      busyRounds = Math.max(busyRounds, weights.busyRounds());
      if (reached > progress || silenceEnds) {
        progress = reached;
        round = minimum(Weights::round);
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
   * Runs {@code wake} whenever {@link #receive} wakes, on the thread that delivers the weights; so
   * it must be short and must not throw when its waiter has gone.
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
   *
   * @return the rounds that every block of the target now holds complete, -1 while one is missing
   */
  public long copyTo(Target target) {
    @Nullable Weights[] arrived;
    synchronized (lock) {
      arrived = arriving;
      arriving = copying;
      copying = arrived;
    }
    for (Weights weights : arrived) {
      if (weights != null) {
        int from = layout.block(weights.block()).from();
        target.load(from, weights.values(), 0, weights.values().length);
        copiedRounds[weights.block()] = weights.round();
      }
    }
    Arrays.fill(arrived, null);
    return Arrays.stream(copiedRounds).min().orElse(-1);
  }

  private boolean all(Predicate<Weights> condition) {
    synchronized (lock) {
      return Arrays.stream(newest).allMatch(w -> w != null && condition.test(w));
    }
  }

  private long minimum(ToLongFunction<Weights> of) {
    return Arrays.stream(newest)
        .mapToLong(w -> w == null ? -1 : of.applyAsLong(w))
        .min()
        .orElse(-1);
  }
}
