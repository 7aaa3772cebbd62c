package io.tapestream.parameterserver;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * A {@link Reply} in bytes.
 *
 * <pre>
 * byte    version (1)
 * byte    kind         0 weights               1 round sum
 * int     block
 * long    round
 * longs   applied      by virtual worker       double  squares
 * longs   rounds       by virtual worker
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

  private ReplyFormat() {}

  /** Writes a reply. */
  public static void write(DataOutput out, Reply reply) throws IOException {
    out.writeByte(VERSION);
    out.writeByte(reply instanceof Weights ? WEIGHTS : ROUND_SUM);
    out.writeInt(reply.block());
    if (reply instanceof Weights weights) {
      out.writeLong(weights.round());
      Payload.writeLongs(out, weights.applied());
      Payload.writeLongs(out, weights.rounds());
      out.writeLong(weights.busyRounds());
      Payload.writeFloats(out, weights.values());
    } else if (reply instanceof RoundSum sum) {
      out.writeLong(sum.round());
      out.writeDouble(sum.squares());
    }
  }

  /** The number of bytes that {@link #write} writes. */
  public static long size(Reply reply) {
    long head = 2 + Integer.BYTES + Long.BYTES;
    return reply instanceof Weights weights
        ? head
            + Payload.size(weights.applied())
            + Payload.size(weights.rounds())
            + Long.BYTES
            + Integer.BYTES
            + (long) Float.BYTES * weights.values().length
        : head + Double.BYTES;
  }

  /** Reads a reply. */
  public static Reply read(DataInput in) throws IOException {
    Payload.readVersion(in, VERSION, "a reply");
    int kind = in.readUnsignedByte();
    int block = in.readInt();
    long round = in.readLong();
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
      default -> throw new IOException("no reply has kind " + kind);
    };
  }
}
