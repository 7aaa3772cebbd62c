package io.tapestream.operators.publish;

import io.tapestream.operators.server.BlockSnapshot;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.apache.flink.api.connector.sink2.CommittingSinkWriter;
import org.jspecify.annotations.Nullable;

/**
 * Writes the blocks that one server shard sends for a cut into one new file, as they come. Blocks
 * whose barrier never followed, because their checkpoint was given up, go with the next barrier,
 * unless blocks of a later cut replace them.
 */
final class ShardWriter implements CommittingSinkWriter<BlockSnapshot, StagedShard> {
  private static final int CHUNK_FLOATS = 16 * 1024;

  private final PublishingPlan plan;
  private final PendingFiles pending;
  private final ByteBuffer chunk =
      ByteBuffer.allocateDirect(CHUNK_FLOATS * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);

  private @Nullable OpenShard open;

  /** A file that is being written. */
  private record OpenShard(
      Cut cut,
      Map<String, Double> metrics,
      Path path,
      FileChannel file,
      List<StagedShard.Piece> pieces) {}

  ShardWriter(PublishingPlan plan) {
    this.plan = plan;
    this.pending = plan.pendingFiles();
  }

  /**
   * Adds a block.
   *
   * @throws IllegalStateException if a value isn't finite (I6)
   */
  @Override
  public void write(BlockSnapshot block, Context context) throws IOException {
    Cut cut =
        new Cut(block.round(), block.records(), LongStream.of(block.learned()).boxed().toList());
    OpenShard shard = open;
    if (shard != null && cut.isAfter(shard.cut())) {
      drop();
      shard = null;
    }
    if (shard == null) {
      Path path = pending.newShard();
      FileChannel file =
          FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      shard = new OpenShard(cut, plan.metrics(block.report()), path, file, new ArrayList<>());
      open = shard;
    }
    append(shard.file(), block);
    shard.pieces().add(new StagedShard.Piece(block.from(), block.values().length));
  }

  private void append(FileChannel file, BlockSnapshot block) throws IOException {
    float[] values = block.values();
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        throw new IllegalStateException(
            "value "
                + (block.from() + i)
                + " of the parameter vector is "
                + values[i]
                + " at round "
                + block.round()
                + ": nothing is published");
      }
    }
    for (int from = 0; from < values.length; from += CHUNK_FLOATS) {
      int n = Math.min(CHUNK_FLOATS, values.length - from);
      chunk.clear().limit(n * Float.BYTES);
      chunk.asFloatBuffer().put(values, from, n);
      DurableFiles.writeFully(file, chunk);
    }
  }

  /** Does nothing: {@link #prepareCommit} follows at once. */
  @Override
  public void flush(boolean endOfInput) {}

  @Override
  public Collection<StagedShard> prepareCommit() throws IOException {
    OpenShard shard = open;
    if (shard == null) {
      return List.of(); // this checkpoint publishes nothing
    }
    shard.file().close();
    open = null;
    return List.of(
        new StagedShard(
            pending.relative(shard.path()), shard.cut(), shard.metrics(), shard.pieces()));
  }

  private void drop() throws IOException {
    OpenShard shard = open;
    if (shard != null) {
      open = null;
      shard.file().close();
      Files.deleteIfExists(shard.path());
    }
  }

  @Override
  public void close() throws IOException {
    drop();
  }
}
