package io.tapestream.operators.metrics;

/**
 * The bytes that serializers of the network edges have written or read on a task's thread, on which
 * its operators run too:
 *
 * <pre>
 *   serializer    count(bytes)…
 *   operator      counter.inc(WireBytes.take())     what was counted since the last call
 * </pre>
 */
public final class WireBytes {

  private static final ThreadLocal<long[]> COUNTED = ThreadLocal.withInitial(() -> new long[1]);

  private WireBytes() {}

  /** Adds to this thread's count. */
  public static void count(long bytes) {
    COUNTED.get()[0] += bytes;
  }

  /** This thread's count, which begins anew. */
  public static long take() {
    long[] counted = COUNTED.get();
    long taken = counted[0];
    counted[0] = 0;
    return taken;
  }
}
