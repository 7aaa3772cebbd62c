package io.tapestream.operators.server;

import io.tapestream.parameterserver.Message;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;

/**
 * One representative key for each block, chosen so that Flink's hash puts block b of N into key
 * group ⌊b·G/N⌋ of G (R12). Flink gives each subtask a contiguous range of key groups, so every
 * shard owns neighbouring blocks, as many as the others within one.
 */
public final class BlockKeys implements KeySelector<Message, Integer> {

  private static final long serialVersionUID = 1L;

  private final int maxParallelism;
  private final int[] keys;

  private BlockKeys(int maxParallelism, int[] keys) {
    this.maxParallelism = maxParallelism;
    this.keys = keys;
  }

  /**
   * Finds the keys.
   *
   * @param blocks N
   * @param maxParallelism G, the server's explicit maximum parallelism
   */
  public static BlockKeys of(int blocks, int maxParallelism) {
    Map<Integer, List<Integer>> wanted = new HashMap<>();
    for (int block = blocks - 1; block >= 0; block--) {
      wanted
          .computeIfAbsent(group(block, blocks, maxParallelism), g -> new ArrayList<>())
          .add(block);
    }
    int[] keys = new int[blocks];
    for (int key = 0, found = 0; found < blocks; key++) {
      List<Integer> waiting =
          wanted.get(KeyGroupRangeAssignment.assignToKeyGroup(key, maxParallelism));
      if (waiting != null && !waiting.isEmpty()) {
        keys[waiting.remove(waiting.size() - 1)] = key;
        found++;
      }
    }
    return new BlockKeys(maxParallelism, keys);
  }

  private static int group(int block, int blocks, int maxParallelism) {
    return Math.toIntExact((long) block * maxParallelism / blocks);
  }

  @Override
  public Integer getKey(Message message) {
    return keys[message.block()];
  }

  /** The representative key of a block. */
  Integer key(int block) {
    return keys[block];
  }

  /** The blocks that live in these key groups, ascending. */
  List<Integer> blocks(KeyGroupRange groups) {
    List<Integer> blocks = new ArrayList<>();
    for (int block = 0; block < keys.length; block++) {
      if (groups.contains(group(block, keys.length, maxParallelism))) {
        blocks.add(block);
      }
    }
    return blocks;
  }
}
