package io.tapestream.operators.server;

import io.tapestream.operators.FormatType;
import io.tapestream.operators.metrics.WireBytes;
import io.tapestream.parameterserver.Block;
import io.tapestream.parameterserver.BlockFormat;
import io.tapestream.parameterserver.Message;
import io.tapestream.parameterserver.MessageFormat;
import io.tapestream.parameterserver.Reply;
import io.tapestream.parameterserver.ReplyFormat;
import io.tapestream.parameterserver.Weights;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.core.memory.DataOutputView;

/** The types that reach and leave the parameter server, for Flink. */
public final class ServerTypes {

  /** What trainers send. */
  public static final TypeInformation<Message> MESSAGE =
      new FormatType<>(Message.class, new MessageSerializer());

  /** What the shards answer. */
  public static final TypeInformation<Delivery> DELIVERY =
      new FormatType<>(Delivery.class, new DeliverySerializer());

  /** What the shards keep. */
  public static final TypeInformation<Block> BLOCK =
      new FormatType<>(Block.class, new BlockSerializer());

  /** What the shards publish. */
  public static final TypeInformation<BlockSnapshot> BLOCK_SNAPSHOT =
      new FormatType<>(BlockSnapshot.class, new BlockSnapshotSerializer());

  private ServerTypes() {}

  /** Messages, in the layout of {@link MessageFormat}. */
  public static final class MessageSerializer extends FormatSerializer<Message> {

    private static final long serialVersionUID = 1L;

    /** What goes over the network is counted. */
    @Override
    public void serialize(Message message, DataOutputView target) throws IOException {
      if (target instanceof DataOutputSerializer wire) {
        int before = wire.length();
        super.serialize(message, target);
        WireBytes.count(wire.length() - before);
      } else {
        super.serialize(message, target);
      }
    }

    @Override
    void write(DataOutput out, Message message) throws IOException {
      MessageFormat.write(out, message);
    }

    @Override
    Message read(DataInput in) throws IOException {
      return MessageFormat.read(in);
    }

    /** Senders give their arrays away, so the same message serves. */
    @Override
    public Message copy(Message from) {
      return from;
    }

    @Override
    public boolean isImmutableType() {
      return true;
    }

    @Override
    public TypeSerializerSnapshot<Message> snapshotConfiguration() {
      return new MessageSerializer.Snapshot();
    }

    /** Names the serializer in a checkpoint. */
    public static final class Snapshot extends SimpleTypeSerializerSnapshot<Message> {

      /** For Flink, which makes it by reflection. */
      public Snapshot() {
        super(MessageSerializer::new);
      }
    }
  }

  /** Replies in the layout of {@link ReplyFormat}, then their address as an int. */
  public static final class DeliverySerializer extends FormatSerializer<Delivery> {

    private static final long serialVersionUID = 1L;

    @Override
    void write(DataOutput out, Delivery delivery) throws IOException {
      ReplyFormat.write(out, delivery.reply());
      out.writeInt(delivery.subtask());
    }

    /** What comes from the network is counted. */
    @Override
    Delivery read(DataInput in) throws IOException {
      Reply reply = ReplyFormat.read(in);
      int subtask = in.readInt();
      WireBytes.count(ReplyFormat.size(reply) + Integer.BYTES);
      return new Delivery(subtask, reply);
    }

    /** The server goes on changing the values that it refers to. */
    @Override
    public Delivery copy(Delivery from) {
      return from.reply() instanceof Weights weights
          ? new Delivery(
              from.subtask(),
              new Weights(
                  weights.block(),
                  weights.round(),
                  weights.applied(),
                  weights.rounds(),
                  weights.busyRounds(),
                  weights.values().clone()))
          : from;
    }

    @Override
    public TypeSerializerSnapshot<Delivery> snapshotConfiguration() {
      return new DeliverySerializer.Snapshot();
    }

    /** Names the serializer in a checkpoint. */
    public static final class Snapshot extends SimpleTypeSerializerSnapshot<Delivery> {

      /** For Flink, which makes it by reflection. */
      public Snapshot() {
        super(DeliverySerializer::new);
      }
    }
  }

  /** Blocks, in the layout of {@link BlockFormat}. */
  public static final class BlockSerializer extends FormatSerializer<Block> {

    private static final long serialVersionUID = 1L;

    @Override
    void write(DataOutput out, Block block) throws IOException {
      BlockFormat.write(out, block);
    }

    @Override
    Block read(DataInput in) throws IOException {
      return BlockFormat.read(in);
    }

    /** What the hashmap backend calls at the first touch of a block during a checkpoint. */
    @Override
    public Block copy(Block from) {
      return from.copy();
    }

    @Override
    public TypeSerializerSnapshot<Block> snapshotConfiguration() {
      return new BlockSerializer.Snapshot();
    }

    /** Names the serializer in a checkpoint. */
    public static final class Snapshot extends SimpleTypeSerializerSnapshot<Block> {

      /** For Flink, which makes it by reflection. */
      public Snapshot() {
        super(BlockSerializer::new);
      }
    }
  }

  /** Snapshots, in the layout of {@link BlockSnapshotFormat}. */
  public static final class BlockSnapshotSerializer extends FormatSerializer<BlockSnapshot> {

    private static final long serialVersionUID = 1L;

    @Override
    void write(DataOutput out, BlockSnapshot snapshot) throws IOException {
      BlockSnapshotFormat.write(out, snapshot);
    }

    @Override
    BlockSnapshot read(DataInput in) throws IOException {
      return BlockSnapshotFormat.read(in);
    }

    /** The server goes on changing the values that it refers to. */
    @Override
    public BlockSnapshot copy(BlockSnapshot from) {
      return new BlockSnapshot(
          from.block(),
          from.from(),
          from.checkpoint(),
          from.round(),
          from.applied(),
          from.learned(),
          from.report(),
          from.records(),
          from.courses(),
          from.values().clone());
    }

    @Override
    public TypeSerializerSnapshot<BlockSnapshot> snapshotConfiguration() {
      return new BlockSnapshotSerializer.Snapshot();
    }

    /** Names the serializer in a checkpoint. */
    public static final class Snapshot extends SimpleTypeSerializerSnapshot<BlockSnapshot> {

      /** For Flink, which makes it by reflection. */
      public Snapshot() {
        super(BlockSnapshotSerializer::new);
      }
    }
  }
}
