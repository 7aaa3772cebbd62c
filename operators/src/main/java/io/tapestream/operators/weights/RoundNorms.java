package io.tapestream.operators.weights;

import io.tapestream.parameterserver.RoundSum;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The parts of a round's gradient norm that blocks send to a process, put together (R15). Weight
 * returns bring them on their threads; trainers are told on those when a round's are complete.
 */
public final class RoundNorms {

  /** Takes what all blocks have told of a round. */
  @FunctionalInterface
  public interface Listener {

    /**
     * All blocks have told theirs; each round comes once. Called on a weight return's thread, so it
     * must be short and must not throw when whoever listens has gone.
     *
     * @param squares Σg² by block; not to be changed
     */
    void complete(long round, double[] squares);
  }

  private final Object lock = new Object();
  private final double[] squares; // guarded by lock
  private final long[] rounds; // guarded by lock; by block, -1 before the first
  private final List<Listener> listeners = new ArrayList<>(); // guarded by lock
  private long told = -1; // guarded by lock

  RoundNorms(int blocks) {
    squares = new double[blocks];
    rounds = new long[blocks];
    Arrays.fill(rounds, -1);
  }

  /** Takes one block's part, and tells the listeners if it was the last that a round lacked. */
  void receive(RoundSum sum) {
    List<Listener> listening;
    double[] complete;
    synchronized (lock) {
      squares[sum.block()] = sum.squares();
      rounds[sum.block()] = sum.round();
      if (sum.round() <= told || Arrays.stream(rounds).anyMatch(round -> round != sum.round())) {
        return;
      }
      told = sum.round();
      listening = List.copyOf(listeners);
      complete = squares.clone();
    }
    listening.forEach(listener -> listener.complete(sum.round(), complete));
  }

  /** Tells a listener of each round from now on, and of the last one if it is complete already. */
  public void listen(Listener listener) {
    long round;
    double[] complete;
    synchronized (lock) {
      listeners.add(listener);
      round = told;
      complete = squares.clone();
      if (round < 0 || Arrays.stream(rounds).anyMatch(next -> next != round)) {
        return; // none yet, or the next one is under way, so that it was applied
      }
    }
    listener.complete(round, complete);
  }
}
