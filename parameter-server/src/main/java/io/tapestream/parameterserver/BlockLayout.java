package io.tapestream.parameterserver;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntUnaryOperator;

/**
 * How the flat parameter vector is cut into blocks:
 *
 * <pre>
 *   0                                    trained                      size
 *   | block 0 | block 1 | … | block k (short) | block k+1 | … (short) |
 *     values that follow gradients              statistics
 * </pre>
 *
 * The boundaries follow from the model and the block size alone, never from the number of shards,
 * so a rescale moves whole blocks.
 */
public final class BlockLayout implements Serializable {

  private static final long serialVersionUID = 1L;

  /**
   * The block size where none is chosen: 64 Ki values, 256 KiB. Large enough for full transfer
   * speed, and below the size at which G1 with its smallest regions treats an array as humongous.
   */
  public static final int DEFAULT_BLOCK_FLOATS = 64 * 1024;

  private final int trained;
  private final int chunkFloats;
  private final BlockRange[] blocks;

  private BlockLayout(int trained, int chunkFloats, List<BlockRange> blocks) {
    this.trained = trained;
    this.chunkFloats = chunkFloats;
    this.blocks = blocks.toArray(BlockRange[]::new);
  }

  /**
   * Cuts a vector after every {@code blockFloats} values, for optimizers that treat each element by
   * itself.
   *
   * @param trained values that follow gradients; they come first in the vector
   * @param size all values, statistics included
   * @param blockFloats values in a full block
   */
  public static BlockLayout ofElements(int trained, int size, int blockFloats) {
    return cut(trained, size, blockFloats, from -> from + Math.min(blockFloats, size - from));
  }

  /**
   * Makes each tensor a block of its own, for optimizers whose granule is a whole tensor (R14).
   * Blocks may be larger than what a message carries, and are sent in chunks then.
   *
   * @param tensorEnds where each tensor ends, ascending; the last is the vector's size
   * @param trained values that follow gradients; they come first in the vector
   * @param chunkFloats values in a message at most
   */
  public static BlockLayout ofTensors(int[] tensorEnds, int trained, int chunkFloats) {
    int[] ends = tensorEnds.clone();
    int size = ends.length == 0 ? 0 : ends[ends.length - 1];
    return cut(
        trained,
        size,
        chunkFloats,
        from -> Arrays.stream(ends).filter(e -> e > from).min().orElse(size));
  }

  private static BlockLayout cut(int trained, int size, int blockFloats, IntUnaryOperator end) {
    if (blockFloats < 1) {
      throw new IllegalArgumentException("a block holds at least one value, not " + blockFloats);
    }
    if (size < 1 || trained < 0 || trained > size) {
      throw new IllegalArgumentException(
          "cannot cut %d values of which %d are trained: the model needs a parameter"
              .formatted(size, trained));
    }
    var blocks = new ArrayList<BlockRange>();
    for (int from = 0; from < size; ) {
      boolean isTrained = from < trained;
      int to = Math.min(end.applyAsInt(from), isTrained ? trained : size);
      blocks.add(new BlockRange(blocks.size(), from, to, isTrained));
      from = to;
    }
    return new BlockLayout(trained, blockFloats, blocks);
  }

  /** The blocks in the order of the vector. */
  public List<BlockRange> blocks() {
    return List.of(blocks);
  }

  /** The block with this index. */
  public BlockRange block(int index) {
    return blocks[index];
  }

  /** The number of blocks. */
  public int count() {
    return blocks.length;
  }

  /** The number of values in the whole vector. */
  public int size() {
    return blocks[blocks.length - 1].to();
  }

  /** The number of values that follow gradients. */
  public int trained() {
    return trained;
  }

  /** The most values in one message: those of a full block, unless blocks are whole tensors. */
  public int chunkFloats() {
    return chunkFloats;
  }

  /** Whether any block is larger than what a message carries. */
  public boolean isSentInChunks() {
    return Arrays.stream(blocks).anyMatch(block -> block.length() > chunkFloats);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof BlockLayout that
        && trained == that.trained
        && chunkFloats == that.chunkFloats
        && Arrays.equals(blocks, that.blocks);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(blocks);
  }

  /**
   * For example "431080 values (431080 trained) in 7 blocks of 65536"; where a block is larger than
   * that, it is a tensor: "… in 8 blocks, a tensor each, in chunks of 65536".
   */
  @Override
  public String toString() {
    return "%d values (%d trained) in %d blocks%s of %d"
        .formatted(
            size(),
            trained,
            count(),
            isSentInChunks() ? ", a tensor each, in chunks" : "",
            chunkFloats);
  }
}
