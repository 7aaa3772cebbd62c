package io.tapestream.parameterserver;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * {@link Weights} in bytes.
 *
 * <pre>
 * byte    version (1)
 * int     block
 * long    round
 * longs   applied      by virtual worker
 * longs   rounds       by virtual worker
 * long    busy rounds
 * floats  values
 * </pre>
 *
 * Arrays as in {@link Payload}.
 */
public final class WeightsFormat {

  private static final int VERSION = 1;

  private WeightsFormat() {}

  /** Writes a block's weights. */
  public static void write(DataOutput out, Weights weights) throws IOException {
    out.writeByte(VERSION);
    out.writeInt(weights.block());
    out.writeLong(weights.round());
    Payload.writeLongs(out, weights.applied());
    Payload.writeLongs(out, weights.rounds());
    out.writeLong(weights.busyRounds());
    Payload.writeFloats(out, weights.values());
  }

  /** The number of bytes that {@link #write} writes. */
  public static long size(Weights weights) {
    return 1
        + Integer.BYTES
        + Long.BYTES
        + Payload.size(weights.applied())
        + Payload.size(weights.rounds())
        + Long.BYTES
        + Integer.BYTES
        + (long) Float.BYTES * weights.values().length;
  }

  /** Reads a block's weights. */
  public static Weights read(DataInput in) throws IOException {
    Payload.readVersion(in, VERSION, "weights");
    return new Weights(
        in.readInt(),
        in.readLong(),
        Payload.readLongs(in),
        Payload.readLongs(in),
        in.readLong(),
        Payload.readFloats(in));
  }
}
