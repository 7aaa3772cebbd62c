package io.tapestream.stories;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** Faults that strike a place once, the n-th time it is passed. Counted per process. */
final class Faults {
  private static final Map<String, AtomicLong> ARMED = new ConcurrentHashMap<>();

  private Faults() {}

  /** Makes the n-th pass of a place fail; those before and after go through. */
  static void arm(String place, long pass) {
    ARMED.put(place, new AtomicLong(pass));
  }

  /** Whether the fault of a place has struck. */
  static boolean struck(String place) {
    AtomicLong left = ARMED.get(place);
    return left != null && left.get() <= 0;
  }

  /** Called by the code under test on its way. */
  static void pass(String place) {
    AtomicLong left = ARMED.get(place);
    if (left != null && left.decrementAndGet() == 0) {
      throw new IllegalStateException("the fault armed for " + place);
    }
  }
}
