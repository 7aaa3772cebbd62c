package io.tapestream.benchmarks.serving;

import java.util.Arrays;

/** Times of requests, from many threads, in nanoseconds. */
final class Latencies {
  private long[] nanos = new long[1 << 12];
  private int count;

  synchronized void add(long nanosOfOne) {
    if (count == nanos.length) {
      nanos = Arrays.copyOf(nanos, 2 * count);
    }
    nanos[count++] = nanosOfOne;
  }

  synchronized int count() {
    return count;
  }

  /** Milliseconds that this share of the requests kept within; NaN of none. */
  synchronized double millis(double share) {
    if (count == 0) {
      return Double.NaN;
    }
    long[] sorted = Arrays.copyOf(nanos, count);
    Arrays.sort(sorted);
    return sorted[Math.min(count - 1, (int) Math.ceil(share * count) - 1)] / 1e6;
  }

  synchronized void clear() {
    count = 0;
  }
}
