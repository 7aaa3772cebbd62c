package io.tapestream.serving.follow;

import java.time.Duration;

/**
 * How requests that come at about the same time are computed together, which costs less than each
 * by itself and lets the first ones wait for the others.
 *
 * @param maxRows most examples of a batch; a request with more is computed by itself
 * @param maxDelay longest wait of a request for others to come; zero takes those that are waiting
 *     anyway while all threads are busy
 * @param queue most requests that wait; further ones are refused
 */
public record Batching(int maxRows, Duration maxDelay, int queue) {

  /** Batches of so many examples, without waiting for them, and a queue of a thousand. */
  public static Batching of(int maxRows) {
    return new Batching(maxRows, Duration.ZERO, 1000);
  }

  /** Checks the numbers. */
  public Batching {
    if (maxRows < 1 || queue < 1) {
      throw new IllegalArgumentException(
          "maxRows is " + maxRows + " and queue " + queue + ": give at least 1");
    }
    if (maxDelay.isNegative()) {
      throw new IllegalArgumentException("maxDelay is " + maxDelay + ": it can't be negative");
    }
  }

  /** The same with another longest wait for others. */
  public Batching withMaxDelay(Duration delay) {
    return new Batching(maxRows, delay, queue);
  }

  /** The same with another number of requests that wait. */
  public Batching withQueue(int requests) {
    return new Batching(maxRows, maxDelay, requests);
  }
}
