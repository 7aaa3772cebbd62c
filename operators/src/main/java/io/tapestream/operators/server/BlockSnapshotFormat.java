package io.tapestream.operators.server;

import io.tapestream.parameterserver.CourseFormat;
import io.tapestream.parameterserver.Payload;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * A {@link BlockSnapshot} in bytes.
 *
 * <pre>
 * byte    version (1)
 * int     block, from
 * long    checkpoint, round, applied
 * longs   learned        by virtual worker
 * header  report
 * long    records
 * courses
 * floats  values
 * </pre>
 *
 * Arrays and headers as in {@link Payload}, courses as in {@link CourseFormat}.
 */
final class BlockSnapshotFormat {

  private static final int VERSION = 1;

  private BlockSnapshotFormat() {}

  static void write(DataOutput out, BlockSnapshot snapshot) throws IOException {
    out.writeByte(VERSION);
    out.writeInt(snapshot.block());
    out.writeInt(snapshot.from());
    out.writeLong(snapshot.checkpoint());
    out.writeLong(snapshot.round());
    out.writeLong(snapshot.applied());
    Payload.writeLongs(out, snapshot.learned());
    Payload.writeHeader(out, snapshot.report());
    out.writeLong(snapshot.records());
    CourseFormat.write(out, snapshot.courses());
    Payload.writeFloats(out, snapshot.values());
  }

  static BlockSnapshot read(DataInput in) throws IOException {
    Payload.readVersion(in, VERSION, "a block's snapshot");
    return new BlockSnapshot(
        in.readInt(),
        in.readInt(),
        in.readLong(),
        in.readLong(),
        in.readLong(),
        Payload.readLongs(in),
        Payload.readHeader(in),
        in.readLong(),
        CourseFormat.read(in),
        Payload.readFloats(in));
  }
}
