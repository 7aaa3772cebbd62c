package io.tapestream.operators.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.parameterserver.Message.Leave;
import java.util.HashSet;
import java.util.Set;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BlockKeysTest {

  @ParameterizedTest
  @CsvSource({"1, 128", "8, 128", "100, 128", "128, 128", "1000, 128", "5000, 32768"})
  void r12BlockBOfNLivesInKeyGroupBGOverN(int blocks, int maxParallelism) {
    BlockKeys keys = BlockKeys.of(blocks, maxParallelism);
    Set<Integer> distinct = new HashSet<>();
    for (int block = 0; block < blocks; block++) {
      int key = keys.getKey(new Leave(block, 0, 0));
      assertThat(distinct.add(key)).as("a key of its own for block %d", block).isTrue();
      assertThat(KeyGroupRangeAssignment.assignToKeyGroup(key, maxParallelism))
          .isEqualTo((int) ((long) block * maxParallelism / blocks));
    }
  }

  @ParameterizedTest
  @CsvSource({"8, 3", "7, 2", "5, 4", "64, 3", "3, 5"})
  void r12EveryShardOwnsAsManyBlocksAsTheOthersWithinOne(int blocks, int shards) {
    BlockKeys keys = BlockKeys.of(blocks, 128);
    int next = 0;
    for (int shard = 0; shard < shards; shard++) {
      var owned =
          keys.blocks(
              KeyGroupRangeAssignment.computeKeyGroupRangeForOperatorIndex(128, shards, shard));
      assertThat(owned.size()).isBetween(blocks / shards, (blocks + shards - 1) / shards);
      for (int block : owned) {
        assertThat(block).isEqualTo(next++);
        assertThat(
                KeyGroupRangeAssignment.assignKeyToParallelOperator(keys.key(block), 128, shards))
            .isEqualTo(shard);
      }
    }
    assertThat(next).isEqualTo(blocks);
  }
}
