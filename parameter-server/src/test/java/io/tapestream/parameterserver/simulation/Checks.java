package io.tapestream.parameterserver.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.parameterserver.Block;
import io.tapestream.parameterserver.BlockLayout;
import io.tapestream.parameterserver.BlockRange;
import io.tapestream.parameterserver.Formats;
import io.tapestream.parameterserver.Weights;
import io.tapestream.parameterserver.simulation.Simulation.Mode;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What must hold of weights and of checkpoints, told from what the workers have done rather than
 * from what the policy says.
 */
record Checks(Workload workload, BlockLayout layout, List<Mode> modes) {

  /** Whether all rounds are summed, so that nothing of a later one is held. */
  private boolean alwaysSums() {
    return modes.stream().allMatch(mode -> mode.consistency().sumsRounds());
  }

  /** Whether no round is summed, so that nothing that was sent waits. */
  private boolean neverSums() {
    return modes.stream().noneMatch(mode -> mode.consistency().sumsRounds());
  }

  /** I3: a batch may be computed from the weights of a block. */
  void freshness(Worker worker, long staleness, Weights weights, List<Worker> table) {
    long oldest = worker.round() - staleness;
    for (int other = 0; other < table.size(); other++) {
      Worker u = table.get(other);
      assertThat(u.left() || u.round() >= oldest)
          .as("I3: worker %d has been in all rounds before %d", other, oldest)
          .isTrue();
      long needed = u.sentBefore(oldest);
      long held = weights.applied()[other];
      assertThat(held)
          .as("I3: batches of worker %d in block %d", other, weights.block())
          .isGreaterThanOrEqualTo(needed);
      if (alwaysSums()) {
        assertThat(held).as("I3: nothing of the open round either").isEqualTo(needed);
      }
    }
  }

  /** I1: the values hold the batches that they are said to hold, once, and no others. */
  void contents(Weights weights, List<Worker> table) {
    if (workload instanceof Workload.Counting counting) {
      BlockRange range = layout.block(weights.block());
      float[] expected = new float[layout.size()];
      for (int vw = 0; vw < table.size(); vw++) {
        int from = counting.place(table.get(vw).id(), 0);
        Arrays.fill(expected, from, from + Math.toIntExact(weights.applied()[vw]), 1);
      }
      assertThat(weights.values())
          .as("I1: batches that the values of block %d hold", weights.block())
          .isEqualTo(Arrays.copyOfRange(expected, range.from(), range.to()));
    }
  }

  /** I5: what leaves as a checkpoint's version is, bit for bit, what the checkpoint restores. */
  void version(Block block, byte[] checkpoint) {
    Block restored = Formats.block(checkpoint);
    int differs = Arrays.mismatch(block.values(), restored.values());
    assertThat(differs)
        .as("I5: value of block %d that a restore changes", block.range().index())
        .isEqualTo(-1);
    assertThat(restored.round()).as("I5: the round of a version").isEqualTo(block.round());
    assertThat(restored.learned()).as("I5: the offsets of a version").isEqualTo(block.learned());
  }

  /** I5: what a checkpoint's version says is the same on all shards, and is true. */
  void cut(Collection<byte[]> blocks, List<Worker> table) {
    Set<List<Long>> said = new HashSet<>();
    for (byte[] bytes : blocks) {
      Block block = Formats.block(bytes);
      if (!block.isStopped()) { // such a one publishes nothing
        said.add(List.of(block.round(), block.trainedRounds(), block.records()));
      }
      contents(block.weights(), table);
      for (int vw = 0; vw < table.size(); vw++) {
        Worker worker = table.get(vw);
        long applied = block.weights().applied()[vw];
        assertThat(block.learned()[vw])
            .as("R6: the offset learned of worker %d", vw)
            .isEqualTo(applied == 0 ? -1 : applied);
        assertThat(applied)
            .as("I1: batches applied of worker %d", vw)
            .isBetween(
                neverSums() ? worker.next() : worker.sentBefore(block.round()),
                alwaysSums() ? worker.sentBefore(block.round()) : worker.next());
      }
    }
    assertThat(said).as("I5, R18: rounds and records, as the blocks say").hasSizeLessThan(2);
  }

  /** Where nothing can happen any more, training has stopped, and all shards tell where alike. */
  void stop(Collection<Block> blocks) {
    assertThat(blocks)
        .as("I1: something can always happen until all is learned or training has stopped")
        .anyMatch(Block::isStopped);
    Set<List<Object>> places = new HashSet<>();
    for (Block block : blocks) {
      List<Long> received = Arrays.stream(block.received()).boxed().toList();
      places.add(
          alwaysSums()
              ? List.of(received, block.isStopped(), block.round(), block.provenRound())
              : List.of(received)); // where batches count on arrival each block has its own row
    }
    assertThat(places).as("R15: where the shards have stopped").hasSize(1);
  }
}
