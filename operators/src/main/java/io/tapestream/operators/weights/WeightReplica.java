package io.tapestream.operators.weights;

import io.tapestream.parameterserver.BlockLayout;
import io.tapestream.parameterserver.Reply;
import io.tapestream.parameterserver.RoundSum;
import io.tapestream.parameterserver.Stopped;
import io.tapestream.parameterserver.Weights;
import io.tapestream.parameterserver.consistency.Consistency;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The newest weights that a process has been handed, and the gate that they open. All trainers and
 * weight returns of the process share it.
 *
 * <p>Many threads meet here: those of the weight returns, which only call {@link #receive}, each
 * for the blocks of some shards, and those of the trainers, which ask the gate and, between two
 * steps, copy the weights into their models. Blocks are kept by reference; a trainer's cursor knows
 * which ones it has copied. So what arrives during a step never touches it, and is copied once
 * (R16).
 *
 * <pre>{@code
 * weight returns           sources' readers                  trainers
 * receive(weights) ──────► onAdvance(wake)
 *                          if (mayStart(round)) emit ────► cursor.copyTo(parameters::load); step
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
  private final UUID id;
  private final BlockLayout layout;
  private final Consistency consistency;

  // runtime
  private final RoundNorms norms;
  private final Object lock = new Object();

  private final @Nullable Weights[] newest; // guarded by lock
  private final long[] arrivals; // guarded by lock; of each block, so that cursors see what is new
  private final long[] rounds; // guarded by lock; of newest, by block; -1 where there is none
  private final long[] progresses; // guarded by lock; the same
  private final List<Runnable> wakes = new ArrayList<>(); // guarded by lock
  private long round = -1; // guarded by lock
  private long progress = -1; // guarded by lock
  private long busyRounds = -1; // guarded by lock
  private @Nullable Stopped stopped; // guarded by lock

  /** A replica that holds nothing yet, so that its gate is closed. */
  public WeightReplica(BlockLayout layout, Consistency consistency) {
    this.id = UUID.randomUUID();
    this.layout = layout;
    this.consistency = consistency;
    this.norms = new RoundNorms(layout.count());
    this.newest = new Weights[layout.count()];
    this.arrivals = new long[layout.count()];
    this.rounds = new long[layout.count()];
    this.progresses = new long[layout.count()];
    Arrays.fill(rounds, -1);
    Arrays.fill(progresses, -1);
  }

  /** What tells this replica from every other, so that shards serve it once. */
  public UUID id() {
    return id;
  }

  /** Takes what a block tells. */
  public void receive(Reply reply) {
    if (reply instanceof Weights weights) {
      receive(weights);
    } else if (reply instanceof RoundSum sum) {
      norms.receive(sum);
    } else if (reply instanceof Stopped told) {
      receive(told);
    } else {
      throw new IllegalArgumentException("parts are put together before they are handed on");
    }
  }

  private void receive(Stopped told) {
    List<Runnable> woken;
    synchronized (lock) {
      stopped = told;
      woken = List.copyOf(wakes);
    }
    woken.forEach(Runnable::run);
  }

  /** What a block told last that has stopped; null if none has. */
  public @Nullable Stopped stopped() {
    synchronized (lock) {
      return stopped;
    }
  }

  /** What the blocks have told of the norms of rounds. */
  public RoundNorms norms() {
    return norms;
  }

  /**
   * Takes one block's new weights and wakes whoever waits, if all blocks together have reached a
   * later round or hold more batches, or a batch has come that ends a silence.
   */
  public void receive(Weights weights) {
    int block = weights.block();
    int expected = layout.block(block).length();
    if (weights.values().length != expected) {
      throw new IllegalArgumentException(
          "block %d has %d values here, but %d arrived: server and trainer were built with"
                  .formatted(block, expected, weights.values().length)
              + " different layouts");
    }
    List<Runnable> woken = List.of();
    synchronized (lock) {
      newest[block] = weights;
      arrivals[block]++;
      rounds[block] = weights.round();
      progresses[block] = weights.progress();
      long reached = minimum(progresses);
      long reachedRound = minimum(rounds);
      boolean silenceEnds = weights.busyRounds() > Math.max(busyRounds, weights.round());
      busyRounds = Math.max(busyRounds, weights.busyRounds());
      if (reached > progress || reachedRound > round || silenceEnds) {
        progress = reached;
        round = reachedRound;
        woken = List.copyOf(wakes);
      }
    }
    woken.forEach(Runnable::run);
  }

  /** Whether a batch that counts in this round may be trained on with the weights at hand. */
  public boolean mayStart(long round) {
    long complete = round();
    return complete >= 0 && consistency.mayStart(round, complete);
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
   * Runs {@code wake} whenever {@link #receive} wakes, or a block has stopped, on the thread that
   * delivers the weights; so it must be short and must not throw when its waiter has gone.
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

  /** What one trainer has copied; for its thread alone. */
  public Cursor cursor() {
    return new Cursor();
  }

  /** Which weights one trainer's model holds. */
  public final class Cursor {

    private final long[] copied = new long[layout.count()]; // arrivals, by block
    private final long[] copiedRounds = new long[layout.count()];
    private final @Nullable Weights[] copying = new Weights[layout.count()];

    private Cursor() {
      Arrays.fill(copiedRounds, -1);
    }

    /**
     * Copies the blocks that have changed since the last call. A trainer asks the gate first: while
     * it is closed blocks may be missing.
     *
     * @return the rounds that every block of the target now holds complete, -1 while one is missing
     */
    public long copyTo(Target target) {
      synchronized (lock) {
        for (int block = 0; block < copying.length; block++) {
          copying[block] = copied[block] == arrivals[block] ? null : newest[block];
          copied[block] = arrivals[block];
        }
      }
      for (Weights weights : copying) {
        if (weights != null) {
          int from = layout.block(weights.block()).from();
          target.load(from, weights.values(), 0, weights.values().length);
          copiedRounds[weights.block()] = weights.round();
        }
      }
      Arrays.fill(copying, null);
      return minimum(copiedRounds);
    }
  }

  private boolean all(Predicate<Weights> condition) {
    synchronized (lock) {
      return Arrays.stream(newest).allMatch(w -> w != null && condition.test(w));
    }
  }

  private static long minimum(long[] numbers) {
    long minimum = Long.MAX_VALUE;
    for (long number : numbers) {
      minimum = Math.min(minimum, number);
    }
    return minimum;
  }
}
