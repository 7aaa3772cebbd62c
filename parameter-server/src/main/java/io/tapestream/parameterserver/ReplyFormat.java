package io.tapestream.parameterserver;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/**
 * A {@link Reply} in bytes.
 *
 * <pre>
 * byte    version (1)
 * byte    kind         0 weights               1 round sum      2 stopped          3 part of weights
 * int     block
 * long    round                                                checkpoint
 * longs   applied      by virtual worker       double  squares  long   skipped     int     from
 * longs   rounds       by virtual worker                        longs  received,   floats  values
 *                                                                      by virtual worker
 *                                                               long   proven round
 * long    busy rounds
 * floats  values
 * </pre>
 *
 * Arrays as in {@link Payload}.
 */
public final class ReplyFormat {

  private static final int VERSION = 1;
  private static final int WEIGHTS = 0;
  private static final int ROUND_SUM = 1;
  private static final int STOPPED = 2;
  private static final int WEIGHT_PART = 3;

  private ReplyFormat() {}

  /** Writes a reply. */
  public static void write(DataOutput out, Reply reply) throws IOException {
    out.writeByte(VERSION);
    out.writeByte(kind(reply));
    out.writeInt(reply.block());
    if (reply instanceof Weights weights) {
      out.writeLong(weights.round());
      Payload.writeLongs(out, weights.applied());
      Payload.writeLongs(out, weights.rounds());
      out.writeLong(weights.busyRounds());
      Payload.writeFloats(out, weights.values());
    } else if (reply instanceof WeightPart part) {
      out.writeLong(part.round());
      out.writeInt(part.from());
      Payload.writeFloats(out, part.values());
    } else if (reply instanceof RoundSum sum) {
      out.writeLong(sum.round());
      out.writeDouble(sum.squares());
    } else if (reply instanceof Stopped stopped) {
      out.writeLong(stopped.checkpoint());
      out.writeLong(stopped.skipped());
      Payload.writeLongs(out, received(stopped));
      out.writeLong(stopped.provenRound());
    }
  }

  private static long[] received(Stopped stopped) {
    return stopped.received().stream().mapToLong(Long::longValue).toArray();
  }

  private static int kind(Reply reply) {
    if (reply instanceof Weights) {
      return WEIGHTS;
    }
    if (reply instanceof WeightPart) {
      return WEIGHT_PART;
    }
    return reply instanceof RoundSum ? ROUND_SUM : STOPPED;
  }

  /** The number of bytes that {@link #write} writes. */
  public static long size(Reply reply) {
    long head = 2 + Integer.BYTES + Long.BYTES;
    if (reply instanceof Weights weights) {
      return head
          + Payload.size(weights.applied())
          + Payload.size(weights.rounds())
          + Long.BYTES
          + floats(weights.values());
    }
    if (reply instanceof WeightPart part) {
      return head + Integer.BYTES + floats(part.values());
    }
    return reply instanceof Stopped stopped
        ? head + Long.BYTES + Payload.size(received(stopped)) + Long.BYTES
        : head + Double.BYTES;
  }

  private static long floats(float[] values) {
    return Integer.BYTES + (long) Float.BYTES * values.length;
  }

  /** Reads a reply. */
  public static Reply read(DataInput in) throws IOException {
    Payload.readVersion(in, VERSION, "a reply");
    int kind = in.readUnsignedByte();
    int block = in.readInt();
    long round = in.readLong(); // or the checkpoint
    return switch (kind) {
      case WEIGHTS ->
          new Weights(
              block,
              round,
              Payload.readLongs(in),
              Payload.readLongs(in),
              in.readLong(),
              Payload.readFloats(in));
      case ROUND_SUM -> new RoundSum(block, round, in.readDouble());
      case STOPPED -> {
        long skipped = in.readLong();
        List<Long> received = Arrays.stream(Payload.readLongs(in)).boxed().toList();
        yield new Stopped(block, round, skipped, received, in.readLong());
      }
      case WEIGHT_PART -> new WeightPart(block, round, in.readInt(), Payload.readFloats(in));
      default -> throw new IOException("no reply has kind " + kind);
    };
  }
}
