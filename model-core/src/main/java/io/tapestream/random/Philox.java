package io.tapestream.random;

/**
 * The generator Philox4x32-10: a bijection of a 128-bit counter under a 64-bit key, whose output
 * passes as random. Draw number i needs no draw before it, so the numbers don't depend on threads,
 * pieces or restarts.
 *
 * <p>Source: J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as 1, 2, 3",
 * SC 2011; checked against the known answers published with it.
 */
public final class Philox {
  private static final int ROUNDS = 10;
  private static final long MULTIPLIER_0 = 0xD2511F53L;
  private static final long MULTIPLIER_1 = 0xCD9E8D57L;
  private static final int WEYL_0 = 0x9E3779B9;
  private static final int WEYL_1 = 0xBB67AE85;

  private Philox() {}

  /**
   * The four random words at one counter.
   *
   * @param key its low word is the generator's first key word, its high word the second
   * @param c0 the counter's first (lowest) word
   * @param c1 the counter's second word
   * @param c2 the counter's third word
   * @param c3 the counter's fourth word
   * @param words receives the four words at 0 … 3
   */
  public static void block(long key, int c0, int c1, int c2, int c3, int[] words) {
    int k0 = (int) key;
    int k1 = (int) (key >>> 32);
    for (int round = 0; round < ROUNDS; round++) {
      long product0 = MULTIPLIER_0 * (c0 & 0xFFFFFFFFL);
      long product1 = MULTIPLIER_1 * (c2 & 0xFFFFFFFFL);
      c0 = (int) (product1 >>> 32) ^ c1 ^ k0;
      c1 = (int) product1;
      c2 = (int) (product0 >>> 32) ^ c3 ^ k1;
      c3 = (int) product0;
      k0 += WEYL_0;
      k1 += WEYL_1;
    }
    words[0] = c0;
    words[1] = c1;
    words[2] = c2;
    words[3] = c3;
  }

  /**
   * The key of a stream of its own under this one, such as a layer's in a step: {@code
   * key(key(seed, worker), step, layer)}.
   *
   * @param key of the parent
   * @param a tells the children apart
   * @param b tells the children apart
   */
  public static long key(long key, long a, long b) {
    int[] words = new int[4];
    block(key, (int) a, (int) (a >>> 32), (int) b, (int) (b >>> 32), words);
    return (words[0] & 0xFFFFFFFFL) | ((long) words[1] << 32);
  }

  /** As {@link #key(long, long, long)} with b = 0. */
  public static long key(long key, long a) {
    return key(key, a, 0);
  }

  /** A random word as a number in [0, 1): its upper 24 bits, each value exact in float. */
  public static float uniform(int word) {
    return (word >>> 8) * 0x1p-24f;
  }

  /**
   * Fills part of an array with the stream's uniform numbers in [0, 1). Number i comes from word i
   * mod 4 of the block at counter i / 4.
   *
   * @param first the number that is written first
   */
  public static void uniform(long key, long first, float[] into, int from, int n) {
    int[] words = new int[4];
    for (int i = 0; i < n; i++) {
      long number = first + i;
      if (i == 0 || (number & 3) == 0) {
        long counter = number >>> 2;
        block(key, (int) counter, (int) (counter >>> 32), 0, 0, words);
      }
      into[from + i] = uniform(words[(int) (number & 3)]);
    }
  }

  /**
   * Fills part of an array with the stream's standard normal numbers (Box–Muller). Numbers 2i and
   * 2i+1 come from two words of the block at counter i / 2.
   *
   * @param first the number that is written first
   */
  public static void normal(long key, long first, float[] into, int from, int n) {
    int[] words = new int[4];
    for (int i = 0; i < n; i++) {
      long number = first + i;
      if (i == 0 || (number & 3) == 0) {
        long counter = number >>> 2;
        block(key, (int) counter, (int) (counter >>> 32), 0, 0, words);
      }
      int pair = (int) (number & 2);
      double radius = StrictMath.sqrt(-2 * StrictMath.log(1 - uniformDouble(words[pair])));
      double angle = 2 * Math.PI * uniformDouble(words[pair + 1]);
      into[from + i] =
          (float) (radius * ((number & 1) == 0 ? StrictMath.cos(angle) : StrictMath.sin(angle)));
    }
  }

  private static double uniformDouble(int word) {
    return (word & 0xFFFFFFFFL) * 0x1p-32;
  }

  /**
   * The bound under which a random word drops its element: {@code rate · 2³²}, rounded to the
   * nearest.
   *
   * @param rate the share that is dropped, 0 ≤ rate &lt; 1
   */
  public static long dropBound(double rate) {
    return Math.round(rate * 0x1p32);
  }

  /**
   * Whether a random word, read as an unsigned number, keeps its element: it is at least the {@link
   * #dropBound}.
   */
  public static boolean keeps(int word, long dropBound) {
    return (word & 0xFFFFFFFFL) >= dropBound;
  }
}
