package io.tapestream.serving.follow;

import io.tapestream.files.Manifest;
import java.util.Optional;

/**
 * Hears of what a follower does, on the follower's own thread: it should return soon. What it
 * throws is logged.
 */
public interface SwapListener {

  /**
   * Another version is the default from now on.
   *
   * @param before the one that was, if any
   */
  void swapped(Optional<Manifest> before, Manifest now);

  /** A version was tried and is not served. */
  default void rejected(Rejection rejection) {}
}
