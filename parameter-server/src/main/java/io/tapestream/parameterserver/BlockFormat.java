package io.tapestream.parameterserver;

import io.tapestream.parameterserver.Message.Contribution;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * A {@link Block} in bytes, as checkpoints hold it.
 *
 * <pre>
 * byte     version (1)
 * int      index, from, to
 * boolean  trained
 * long     applied, round, busy rounds, published, records, unseen
 * int      turn
 * long     first round, skipped in a row, proven round
 * boolean  stopped
 * header   of the sum, of what no weights brought yet, of what the last ones brought, since the
 *          last publication
 * floats   values
 * int      number of slots, then for each: floats
 * double   weight of the sum, then if it is not 0: floats of the sum
 * int      number of virtual workers, then for each:
 *            boolean  active
 *            long     batch, round, received, applied, learned
 *            boolean  whether a contribution is held, then if so: message
 *            longs    in block 0: batch, round and examples of each run of its course
 *            longs    in block 0: batch, from and to of each gap in it
 * </pre>
 *
 * Arrays and headers as in {@link Payload}, messages as in {@link MessageFormat}.
 */
public final class BlockFormat {

  private static final int VERSION = 1;

  private BlockFormat() {}

  /** Writes a block. */
  public static void write(DataOutput out, Block block) throws IOException {
    out.writeByte(VERSION);
    out.writeInt(block.range.index());
    out.writeInt(block.range.from());
    out.writeInt(block.range.to());
    out.writeBoolean(block.range.trained());
    out.writeLong(block.applied);
    out.writeLong(block.round);
    out.writeLong(block.busyRounds);
    out.writeLong(block.published);
    out.writeLong(block.records);
    out.writeLong(block.unseen);
    out.writeInt(block.turn);
    out.writeLong(block.firstRound);
    out.writeLong(block.skippedInRow);
    out.writeLong(block.provenRound);
    out.writeBoolean(block.stopped);
    Payload.writeHeader(out, block.openReport);
    Payload.writeHeader(out, block.newReport);
    Payload.writeHeader(out, block.lastReport);
    Payload.writeHeader(out, block.report);
    Payload.writeFloats(out, block.values);
    out.writeInt(block.slots.length);
    for (float[] slot : block.slots) {
      Payload.writeFloats(out, slot);
    }
    out.writeDouble(block.sumWeight);
    if (block.sumWeight != 0) {
      Payload.writeFloats(out, block.sum);
    }
    out.writeInt(block.clocks.size());
    for (Clock clock : block.clocks) {
      writeClock(out, clock);
      if (clock.log != null) {
        clock.log.write(out);
      }
    }
  }

  /** Reads a block. */
  public static Block read(DataInput in) throws IOException {
    Payload.readVersion(in, VERSION, "a block");
    BlockRange range = new BlockRange(in.readInt(), in.readInt(), in.readInt(), in.readBoolean());
    long applied = in.readLong();
    long round = in.readLong();
    long busyRounds = in.readLong();
    long published = in.readLong();
    long records = in.readLong();
    long unseen = in.readLong();
    int turn = in.readInt();
    long firstRound = in.readLong();
    long skippedInRow = in.readLong();
    long provenRound = in.readLong();
    boolean stopped = in.readBoolean();
    Header openReport = Payload.readHeader(in);
    Header newReport = Payload.readHeader(in);
    Header lastReport = Payload.readHeader(in);
    Header report = Payload.readHeader(in);
    float[] values = Payload.readFloats(in);
    float[][] slots = new float[in.readInt()][];
    for (int slot = 0; slot < slots.length; slot++) {
      slots[slot] = Payload.readFloats(in);
    }
    double sumWeight = in.readDouble();
    float[] sum = sumWeight == 0 ? new float[values.length] : Payload.readFloats(in);
    Block block = new Block(range, values, slots, sum);
    block.applied = applied;
    block.round = round;
    block.busyRounds = busyRounds;
    block.published = published;
    block.records = records;
    block.turn = turn;
    block.firstRound = firstRound;
    block.skippedInRow = skippedInRow;
    block.provenRound = provenRound;
    block.stopped = stopped;
    block.unseen = unseen;
    block.openReport = openReport;
    block.newReport = newReport;
    block.lastReport = lastReport;
    block.report = report;
    block.sumWeight = sumWeight;
    int virtualWorkers = in.readInt();
    for (int vw = 0; vw < virtualWorkers; vw++) {
      Clock clock = readClock(in);
      clock.log = range.index() == 0 ? CourseLog.read(in) : null;
      block.clocks.add(clock);
    }
    return block;
  }

  private static void writeClock(DataOutput out, Clock clock) throws IOException {
    out.writeBoolean(clock.active);
    out.writeLong(clock.batch);
    out.writeLong(clock.round);
    out.writeLong(clock.received);
    out.writeLong(clock.applied);
    out.writeLong(clock.learned);
    Contribution held = clock.held;
    out.writeBoolean(held != null);
    if (held != null) {
      MessageFormat.write(out, held);
    }
  }

  private static Clock readClock(DataInput in) throws IOException {
    Clock clock = new Clock();
    clock.active = in.readBoolean();
    clock.batch = in.readLong();
    clock.round = in.readLong();
    clock.received = in.readLong();
    clock.applied = in.readLong();
    clock.learned = in.readLong();
    if (in.readBoolean()) {
      clock.held = (Contribution) MessageFormat.read(in);
    }
    return clock;
  }
}
