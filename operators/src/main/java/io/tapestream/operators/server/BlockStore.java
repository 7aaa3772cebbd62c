package io.tapestream.operators.server;

import io.tapestream.parameterserver.Block;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntConsumer;
import org.apache.flink.api.common.state.ValueState;
import org.jspecify.annotations.Nullable;

/**
 * A shard's blocks (R12).
 *
 * <pre>
 * the state's value is    get                             changed    write, before a snapshot
 * the object itself       the state's value, which Flink  tells      nothing
 *                         copies at its first touch       Flink
 *                         during a checkpoint
 * bytes                   the object, kept here           nothing    every block into the state
 * </pre>
 *
 * The first is Flink's hashmap backend; no reference to a block outlives the mailbox action. The
 * second is RocksDB: a block is written once for each checkpoint, not for each message, and there
 * is no second copy of it in the heap meanwhile. Since every round changes every block, incremental
 * checkpoints have nothing to leave out.
 */
final class BlockStore {

  private final ValueState<Block> state;
  private final IntConsumer selectKey;
  private final Map<Integer, Block> kept = new TreeMap<>();
  private @Nullable Boolean stateIsObject;

  /**
   * A store that knows of no block yet.
   *
   * @param selectKey makes a block's key the state's current one
   */
  BlockStore(ValueState<Block> state, IntConsumer selectKey) {
    this.state = state;
    this.selectKey = selectKey;
  }

  /** Takes a block that is new or has been restored. */
  void put(int index, Block block) throws IOException {
    if (stateIsObject == null) {
      selectKey.accept(index);
      state.update(block);
      stateIsObject = state.value() == block;
    }
    if (!stateIsObject) {
      kept.put(index, block);
    } else {
      changed(index, block);
    }
  }

  /** A block, for this mailbox action; null if neither the state nor {@link #put} has it. */
  @Nullable Block get(int index) throws IOException {
    Block block = kept.get(index);
    if (block != null) {
      return block;
    }
    selectKey.accept(index);
    return state.value();
  }

  /** Takes note that a block which {@link #get} gave has changed. */
  void changed(int index, Block block) throws IOException {
    if (!kept.containsKey(index)) {
      selectKey.accept(index);
      state.update(block);
    }
  }

  /** Brings the state up to date, for the snapshot that follows. */
  void write() throws IOException {
    for (Map.Entry<Integer, Block> entry : kept.entrySet()) {
      selectKey.accept(entry.getKey());
      state.update(entry.getValue());
    }
  }

  /** Copies of a block that the heap may have to hold at a time. */
  int copies() {
    return kept.isEmpty() ? 2 : 1;
  }
}
