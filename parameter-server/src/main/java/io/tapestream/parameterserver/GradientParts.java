package io.tapestream.parameterserver;

import io.tapestream.parameterserver.Gradient.Dense;
import io.tapestream.parameterserver.Gradient.Half;
import io.tapestream.parameterserver.Gradient.None;
import io.tapestream.parameterserver.Gradient.Rows;
import io.tapestream.parameterserver.Message.Contribution;
import io.tapestream.parameterserver.Message.Part;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The gradient of a block that is larger than a message, on its way (R14):
 *
 * <pre>
 * sender    cut(contribution)    Part  Part  …  Contribution, which brings the last piece
 * receiver                       take  take     join          → the contribution as it was
 * </pre>
 *
 * <p>A sender's pieces come in order, and those of several senders in any order among each other.
 * They all leave in one mailbox action, so that each lies before the same barrier (R1): what is
 * held here is nothing that a checkpoint must store, and {@link #requireNone} says so.
 *
 * <p>For one thread.
 */
public final class GradientParts {

  /** Whose batch is coming, and for which block. */
  private record Sender(int block, int virtualWorker) {}

  private final Map<Sender, List<Part>> begun = new HashMap<>();

  /** Nothing has come yet. */
  public GradientParts() {}

  /**
   * Hands on a contribution, cut if its gradient is longer.
   *
   * @param most values in a piece, at least 1; a row of a table is never cut
   * @param push takes the pieces in the order in which they are to leave
   */
  public static void cut(Contribution contribution, int most, Consumer<? super Message> push) {
    Gradient gradient = contribution.gradient();
    int unit = gradient instanceof Rows rows ? rows.width() : 1;
    int units = units(gradient);
    int step = Math.max(1, most / unit);
    int from = 0;
    for (; units - from > step; from += step) {
      push.accept(
          new Part(
              contribution.block(),
              contribution.virtualWorker(),
              contribution.batch(),
              slice(gradient, from, from + step)));
    }
    push.accept(from == 0 ? contribution : contribution.withGradient(slice(gradient, from, units)));
  }

  /** What a gradient can be cut between: rows of a table, or values. */
  private static int units(Gradient gradient) {
    if (gradient instanceof Dense dense) {
      return dense.values().length;
    }
    if (gradient instanceof Half half) {
      return half.values().length;
    }
    return gradient instanceof Rows rows ? rows.rows().length : 0;
  }

  private static Gradient slice(Gradient gradient, int from, int to) {
    if (gradient instanceof Dense dense) {
      return new Dense(Arrays.copyOfRange(dense.values(), from, to));
    }
    if (gradient instanceof Half half) {
      return new Half(half.exponent(), Arrays.copyOfRange(half.values(), from, to));
    }
    if (gradient instanceof Rows rows) {
      int width = rows.width();
      return new Rows(
          rows.origin(),
          width,
          Arrays.copyOfRange(rows.rows(), from, to),
          Arrays.copyOfRange(rows.values(), from * width, to * width));
    }
    return new None();
  }

  /**
   * Keeps a piece until its contribution comes.
   *
   * @throws ProtocolException if it is not of the batch that its sender has begun
   */
  public void take(Part part) {
    List<Part> before =
        begun.computeIfAbsent(
            new Sender(part.block(), part.virtualWorker()), sender -> new ArrayList<>());
    if (!before.isEmpty()) {
      requireFits(before.get(0), part.batch(), part.gradient());
    }
    before.add(part);
  }

  /**
   * The whole that a contribution ends; itself if no piece of it came before.
   *
   * @throws ProtocolException if its sender has begun another batch
   */
  public Contribution join(Contribution last) {
    List<Part> before = begun.remove(new Sender(last.block(), last.virtualWorker()));
    if (before == null) {
      return last;
    }
    requireFits(before.get(0), last.batch(), last.gradient());
    List<Gradient> pieces = new ArrayList<>();
    before.forEach(part -> pieces.add(part.gradient()));
    pieces.add(last.gradient());
    return last.withGradient(joined(pieces));
  }

  private static void requireFits(Part first, long batch, Gradient piece) {
    if (batch != first.batch() || piece.getClass() != first.gradient().getClass()) {
      throw new ProtocolException(
          "block %d has a piece of batch %d of virtual worker %d (%s), and the next one is of batch %d (%s): pieces must arrive in order, none left out"
              .formatted(
                  first.block(),
                  first.batch(),
                  first.virtualWorker(),
                  first.gradient().getClass().getSimpleName(),
                  batch,
                  piece.getClass().getSimpleName()));
    }
  }

  private static Gradient joined(List<Gradient> pieces) {
    Gradient any = pieces.get(0);
    if (any instanceof Half half) {
      short[] values = new short[pieces.stream().mapToInt(GradientParts::units).sum()];
      int to = 0;
      for (Gradient piece : pieces) {
        short[] part = ((Half) piece).values();
        System.arraycopy(part, 0, values, to, part.length);
        to += part.length;
      }
      return new Half(half.exponent(), values);
    }
    if (any instanceof Rows rows) {
      return new Rows(
          rows.origin(),
          rows.width(),
          pieces.stream().flatMapToInt(piece -> Arrays.stream(((Rows) piece).rows())).toArray(),
          joinedFloats(pieces.stream().map(piece -> ((Rows) piece).values()).toList()));
    }
    return new Dense(joinedFloats(pieces.stream().map(piece -> ((Dense) piece).values()).toList()));
  }

  private static float[] joinedFloats(List<float[]> pieces) {
    float[] whole = new float[pieces.stream().mapToInt(piece -> piece.length).sum()];
    int to = 0;
    for (float[] piece : pieces) {
      System.arraycopy(piece, 0, whole, to, piece.length);
      to += piece.length;
    }
    return whole;
  }

  /**
   * Says that no contribution is here in part.
   *
   * @param when what happens now, for the error: "a checkpoint is taken"
   * @throws ProtocolException if one is
   */
  public void requireNone(String when) {
    if (!begun.isEmpty()) {
      throw new ProtocolException(
          "%s while contributions are here in part (%s): all pieces of a batch must leave in one go"
              .formatted(when, begun.keySet()));
    }
  }
}
