package io.tapestream.parameterserver;

import io.tapestream.parameterserver.Gradient.Dense;
import io.tapestream.parameterserver.Gradient.Half;
import io.tapestream.parameterserver.Gradient.None;
import io.tapestream.parameterserver.Gradient.Rows;
import io.tapestream.parameterserver.Message.Contribution;
import io.tapestream.parameterserver.Message.Hello;
import io.tapestream.parameterserver.Message.Join;
import io.tapestream.parameterserver.Message.Leave;
import io.tapestream.parameterserver.Message.Lost;
import io.tapestream.parameterserver.Message.Part;
import io.tapestream.parameterserver.Message.Scale;
import io.tapestream.parameterserver.Message.Skip;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.UUID;

/**
 * A {@link Message} in bytes.
 *
 * <pre>
 * byte  version (1)
 * byte  kind            0 contribution    1 leave   2 join   3 skip   4 lost         5 hello         6 scale
 * int   block
 * int                   virtual worker                                               subtask         0
 * long                  batch                                                        replica, high   round
 *                       long  next offset                    long  round             long  low       double  factor
 *                                                                    long  from, to
 *                       header
 *                       byte  gradient    0 none   1 dense: floats
 *                                         2 rows: int origin, int width, ints, floats
 *                                         3 half: int exponent, shorts
 * </pre>
 *
 * Kind 7, a part of a contribution, has the virtual worker, the batch and a gradient.
 *
 * <p>Arrays and headers as in {@link Payload}.
 */
public final class MessageFormat {

  private static final int VERSION = 1;
  private static final int CONTRIBUTION = 0;
  private static final int LEAVE = 1;
  private static final int JOIN = 2;
  private static final int SKIP = 3;
  private static final int LOST = 4;
  private static final int HELLO = 5;
  private static final int SCALE = 6;
  private static final int PART = 7;
  private static final int NONE = 0;
  private static final int DENSE = 1;
  private static final int ROWS = 2;
  private static final int HALF = 3;

  private MessageFormat() {}

  /** Writes a message. */
  public static void write(DataOutput out, Message message) throws IOException {
    out.writeByte(VERSION);
    out.writeByte(kind(message));
    out.writeInt(message.block());
    if (message instanceof Part part) {
      out.writeInt(part.virtualWorker());
      out.writeLong(part.batch());
      writeGradient(out, part.gradient());
    } else if (message instanceof Hello hello) {
      out.writeInt(hello.subtask());
      out.writeLong(hello.replica().getMostSignificantBits());
      out.writeLong(hello.replica().getLeastSignificantBits());
    } else if (message instanceof Scale scale) {
      out.writeInt(0);
      out.writeLong(scale.round());
      out.writeDouble(scale.factor());
    } else if (message instanceof Message.Turn turn) {
      writeTurn(out, turn);
    }
  }

  private static void writeTurn(DataOutput out, Message.Turn message) throws IOException {
    out.writeInt(message.virtualWorker());
    out.writeLong(message.batch());
    if (message instanceof Contribution contribution) {
      out.writeLong(contribution.nextOffset());
      Payload.writeHeader(out, contribution.header());
      writeGradient(out, contribution.gradient());
    } else if (message instanceof Skip skip) {
      out.writeLong(skip.round());
    } else if (message instanceof Lost lost) {
      out.writeLong(lost.from());
      out.writeLong(lost.to());
    }
  }

  private static int kind(Message message) {
    if (message instanceof Contribution) {
      return CONTRIBUTION;
    }
    if (message instanceof Lost) {
      return LOST;
    }
    if (message instanceof Hello) {
      return HELLO;
    }
    if (message instanceof Scale) {
      return SCALE;
    }
    if (message instanceof Part) {
      return PART;
    }
    return message instanceof Leave ? LEAVE : message instanceof Join ? JOIN : SKIP;
  }

  /** Reads a message. */
  public static Message read(DataInput in) throws IOException {
    Payload.readVersion(in, VERSION, "a message");
    int kind = in.readUnsignedByte();
    int block = in.readInt();
    int virtualWorker = in.readInt(); // or subtask
    long batch = in.readLong(); // or the replica's id, its higher half, or the round
    return switch (kind) {
      case CONTRIBUTION -> {
        long nextOffset = in.readLong();
        Header header = Payload.readHeader(in);
        yield new Contribution(block, virtualWorker, batch, nextOffset, readGradient(in), header);
      }
      case LEAVE -> new Leave(block, virtualWorker, batch);
      case JOIN -> new Join(block, virtualWorker, batch);
      case SKIP -> new Skip(block, virtualWorker, batch, in.readLong());
      case LOST -> new Lost(block, virtualWorker, batch, in.readLong(), in.readLong());
      case HELLO -> new Hello(block, virtualWorker, new UUID(batch, in.readLong()));
      case SCALE -> new Scale(block, batch, in.readDouble());
      case PART -> new Part(block, virtualWorker, batch, readGradient(in));
      default -> throw new IOException("no message has kind " + kind);
    };
  }

  private static void writeGradient(DataOutput out, Gradient gradient) throws IOException {
    if (gradient instanceof None) {
      out.writeByte(NONE);
    } else if (gradient instanceof Dense dense) {
      out.writeByte(DENSE);
      Payload.writeFloats(out, dense.values());
    } else if (gradient instanceof Rows rows) {
      out.writeByte(ROWS);
      out.writeInt(rows.origin());
      out.writeInt(rows.width());
      Payload.writeInts(out, rows.rows());
      Payload.writeFloats(out, rows.values());
    } else if (gradient instanceof Half half) {
      out.writeByte(HALF);
      out.writeInt(half.exponent());
      Payload.writeShorts(out, half.values());
    }
  }

  private static Gradient readGradient(DataInput in) throws IOException {
    int kind = in.readUnsignedByte();
    return switch (kind) {
      case NONE -> new None();
      case DENSE -> new Dense(Payload.readFloats(in));
      case ROWS ->
          new Rows(in.readInt(), in.readInt(), Payload.readInts(in), Payload.readFloats(in));
      case HALF -> new Half(in.readInt(), Payload.readShorts(in));
      default -> throw new IOException("no gradient has kind " + kind);
    };
  }
}
