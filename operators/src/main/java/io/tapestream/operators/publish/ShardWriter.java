package io.tapestream.operators.publish;

import io.tapestream.files.Course;
import io.tapestream.files.DurableFiles;
import io.tapestream.operators.server.BlockSnapshot;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.apache.flink.api.connector.sink2.CommittingSinkWriter;
import org.apache.flink.metrics.Counter;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the blocks that one server shard sends for a cut into one new file, as they come. Blocks
 * whose barrier never followed, because their checkpoint was given up, go with the next barrier,
 * unless blocks of a later cut replace them.
 *
 * <p>A cut whose blocks can't be written, to a full disk for example, is given up: training goes
 * on, and the next checkpoint tries again. Only the last cut, which none follows, fails the job.
 */
final class ShardWriter implements CommittingSinkWriter<BlockSnapshot, StagedShard> {
  private static final Logger LOG = LoggerFactory.getLogger(ShardWriter.class);
  private static final int CHUNK_FLOATS = 16 * 1024;

  private final PublishingPlan plan;
  private final PendingFiles pending;
  private final ByteBuffer chunk =
      ByteBuffer.allocateDirect(CHUNK_FLOATS * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);

  private final Counter givenUp;

  private @Nullable OpenShard open;
  private @Nullable Cut hopeless; // given up, so what still comes of it is passed over

  /** A file that is being written. */
  private record OpenShard(
      Cut cut,
      boolean last,
      Map<String, Double> metrics,
      List<Course> courses,
      Path path,
      SeekableByteChannel file,
      List<StagedShard.Piece> pieces) {}

  /**
   * @param givenUp counts the cuts that could not be written
   */
  ShardWriter(PublishingPlan plan, Counter givenUp) {
    this.plan = plan;
    this.pending = plan.pendingFiles();
    this.givenUp = givenUp;
  }

  /**
   * Adds a block.
   *
   * @throws IllegalStateException if a value isn't finite (I6)
   * @throws IOException if a block of the last cut can't be written
   */
  @Override
  public void write(BlockSnapshot block, Context context) throws IOException {
    requireFinite(block);
    Cut cut =
        new Cut(block.round(), block.records(), LongStream.of(block.learned()).boxed().toList());
    boolean last = block.checkpoint() == BlockSnapshot.LAST;
    if (!last && cut.equals(hopeless)) {
      return;
    }
    try {
      write(block, cut, last);
    } catch (IOException e) {
      drop();
      if (last || e instanceof ClosedByInterruptException) { // cancelled: no disk failed
        throw e;
      }
      hopeless = cut;
      givenUp.inc();
      LOG.error(
          "The version of round {} is given up, since its weights can't be written: {}. Training goes on; the next checkpoint tries again.",
          cut.round(),
          e.toString());
    }
  }

  private void write(BlockSnapshot block, Cut cut, boolean last) throws IOException {
    OpenShard shard = open;
    if (shard != null && cut.isAfter(shard.cut())) {
      drop();
      shard = null;
    }
    if (shard == null) {
      Path path = pending.newShard();
      SeekableByteChannel file = DurableFiles.create(path);
      shard =
          new OpenShard(
              cut,
              last,
              plan.metrics(block.report()),
              new ArrayList<>(),
              path,
              file,
              new ArrayList<>());
      open = shard;
    }
    append(shard.file(), block);
    shard.courses().addAll(block.courses());
    shard.pieces().add(new StagedShard.Piece(block.from(), block.values().length));
  }

  private static void requireFinite(BlockSnapshot block) {
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
  }

  private void append(SeekableByteChannel file, BlockSnapshot block) throws IOException {
    float[] values = block.values();
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
            pending.relative(shard.path()),
            shard.cut(),
            shard.last(),
            shard.metrics(),
            shard.courses(),
            shard.pieces()));
  }

  private void drop() throws IOException {
    OpenShard shard = open;
    if (shard != null) {
      open = null;
      shard.file().close();
      PendingFiles.discard(shard.path());
    }
  }

  @Override
  public void close() throws IOException {
    drop();
  }
}
