package io.tapestream.operators.server;

import io.tapestream.parameterserver.BlockRange;
import java.util.List;

/**
 * What a shard may come to hold in the heap:
 *
 * <pre>
 * values, slots and sum of its blocks, on the hashmap backend twice while a checkpoint is written
 * + where rounds are summed, one contribution of every virtual worker but one that waits (R13)
 * + where blocks are sent in chunks, what is here in part: of every virtual worker one contribution,
 *   unless it waits already, and while one is put together both its parts and the whole (R14)
 * </pre>
 */
final class ServerMemory {

  private static final long MIB = 1 << 20;

  private ServerMemory() {}

  /**
   * Refuses a shard that could not hold what the protocol may make it hold.
   *
   * @param copies of a block at a time
   * @param heap bytes
   */
  static void check(ServerPlan plan, List<Integer> owned, int slots, int copies, long heap) {
    long values = owned.stream().map(plan.layout()::block).mapToLong(BlockRange::length).sum();
    int workers = plan.virtualWorkers().size();
    int waiting = plan.consistency().sumsRounds() ? workers - 1 : 0;
    if (plan.layout().isSentInChunks()) {
      waiting = workers + 1;
    }
    long needed = values * Float.BYTES * ((long) copies * (2 + slots) + waiting);
    if (needed > heap) {
      throw new IllegalStateException(
          "this shard's %d blocks may need %d MiB with %d virtual workers, the heap has %d MiB:"
                  .formatted(owned.size(), needed / MIB, plan.virtualWorkers().size(), heap / MIB)
              + " run more shards, or raise taskmanager.memory.task.heap.size");
    }
  }
}
