package io.tapestream.parameterserver;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The weights of a block that is larger than a message, on their way (R14):
 *
 * <pre>
 * sender    cut(weights)    WeightPart  WeightPart  …  Weights, which bring the last values
 * receiver                  take        take           join     → the weights as they were
 * </pre>
 *
 * <p>All pieces of a block come from its shard, in order; those of blocks of several shards in any
 * order among each other.
 *
 * <p>For one thread.
 */
public final class WeightParts {

  /** The values of a block, the first {@code filled} of which are here. */
  private static final class Coming {
    final long round;
    final float[] values;
    int filled;

    Coming(long round, int length) {
      this.round = round;
      this.values = new float[length];
    }

    void add(int block, long partRound, int from, float[] piece) {
      if (partRound != round || from != filled || from + piece.length > values.length) {
        throw new ProtocolException(
            "%d of the %d values of block %d are here, of round %d, and %d from value %d on came next, of round %d: pieces must arrive in order, none left out"
                .formatted(filled, values.length, block, round, piece.length, from, partRound));
      }
      System.arraycopy(piece, 0, values, from, piece.length);
      filled += piece.length;
    }
  }

  private final BlockLayout layout;
  private final Map<Integer, Coming> begun = new HashMap<>();

  /** Nothing has come yet. */
  public WeightParts(BlockLayout layout) {
    this.layout = layout;
  }

  /**
   * Hands on weights, cut if they are longer.
   *
   * @param most values in a piece, at least 1
   * @param push takes the pieces in the order in which they are to leave
   */
  public static void cut(Weights weights, int most, Consumer<? super Reply> push) {
    float[] values = weights.values();
    int from = 0;
    for (; values.length - from > most; from += most) {
      float[] piece = Arrays.copyOfRange(values, from, from + most);
      push.accept(new WeightPart(weights.block(), weights.round(), from, piece));
    }
    push.accept(
        from == 0 ? weights : weights.withValues(Arrays.copyOfRange(values, from, values.length)));
  }

  /**
   * Keeps a piece until its weights come.
   *
   * @throws ProtocolException if one before it is missing
   */
  public void take(WeightPart part) {
    begun
        .computeIfAbsent(
            part.block(), block -> new Coming(part.round(), layout.block(block).length()))
        .add(part.block(), part.round(), part.from(), part.values());
  }

  /**
   * The whole that weights end; themselves if no piece of them came before.
   *
   * @throws ProtocolException if a piece is missing
   */
  public Weights join(Weights last) {
    Coming coming = begun.remove(last.block());
    if (coming == null) {
      return last;
    }
    int from = coming.values.length - last.values().length;
    coming.add(last.block(), last.round(), from, last.values());
    return last.withValues(coming.values);
  }
}
