package io.tapestream.parameterserver;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.optimizers.Adagrad;
import io.tapestream.optimizers.Adam;
import io.tapestream.optimizers.AdamW;
import io.tapestream.optimizers.Ftrl;
import io.tapestream.optimizers.Optimizer;
import io.tapestream.optimizers.RMSprop;
import io.tapestream.optimizers.Sgd;
import io.tapestream.optimizers.Step;
import io.tapestream.parameterserver.Gradient.Dense;
import io.tapestream.parameterserver.Message.Contribution;
import io.tapestream.parameterserver.consistency.Synchronous;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A hundred rounds of each optimizer on any number of shards have the bits of those in memory. */
class OptimizersOnShardsTest {
  private static final int SIZE = 64;
  private static final int BLOCK = 11;
  private static final int ROUNDS = 100;
  private static final double WEIGHT = 3;

  static Stream<Optimizer> optimizers() {
    return Stream.of(
        new Sgd(0.1),
        new Sgd(0.02, 0.9, false),
        new Sgd(0.02, 0.9, true),
        new Adam(),
        new AdamW(0.001, 0.05),
        new RMSprop(),
        new RMSprop(0.001, 0.9, 0.5, 1e-7, true),
        new Adagrad(),
        new Ftrl(0.05, 0.3, 0.1, 0.02, 0.5, 0.2));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("optimizers")
  void i2OneTwoAndThreeShardsEndWhereMemoryEnds(Optimizer optimizer) {
    float[] inMemory = start();
    float[][] slots = optimizer.newSlots(SIZE);
    for (int round = 0; round < ROUNDS; round++) {
      float[] gradient = gradient(inMemory, round);
      for (int i = 0; i < SIZE; i++) {
        gradient[i] /= (float) WEIGHT;
      }
      optimizer.update(inMemory, gradient, slots, 0, SIZE, Step.of(round + 1L));
    }
    for (int shards = 1; shards <= 3; shards++) {
      assertThat(onShards(optimizer, shards)).as("%d shards", shards).isEqualTo(inMemory);
    }
  }

  private static float[] onShards(Optimizer optimizer, int shards) {
    BlockLayout layout = BlockLayout.ofElements(SIZE, SIZE, BLOCK);
    List<ParameterServer> servers =
        IntStream.range(0, shards)
            .mapToObj(
                shard -> new ParameterServer(optimizer, new Synchronous(), true, Long.MAX_VALUE))
            .toList();
    float[] weights = start();
    List<Block> blocks = new ArrayList<>();
    for (BlockRange range : layout.blocks()) {
      blocks.add(servers.get(range.index() % shards).fresh(range, weights, 1));
    }
    for (int round = 0; round < ROUNDS; round++) {
      float[] gradient = gradient(weights, round);
      for (Block block : blocks) {
        BlockRange range = block.range();
        float[] part = Arrays.copyOfRange(gradient, range.from(), range.to());
        Header header = new Header(WEIGHT, 0, new double[0], new double[0], 1);
        Weights moved =
            servers
                .get(range.index() % shards)
                .accept(
                    block,
                    new Contribution(range.index(), 0, round, round, new Dense(part), header))
                .orElseThrow();
        System.arraycopy(moved.values(), 0, weights, range.from(), range.length());
      }
    }
    return weights;
  }

  private static float[] start() {
    return draws(0);
  }

  /** Of the summed loss: it pulls to 0, and is noisy. */
  private static float[] gradient(float[] weights, int round) {
    float[] gradient = draws(round + 1);
    for (int i = 0; i < SIZE; i++) {
      gradient[i] += weights[i] / 10;
    }
    return gradient;
  }

  private static float[] draws(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] draws = new float[SIZE];
    for (int i = 0; i < SIZE; i++) {
      draws[i] = (float) random.nextDouble(-1, 1);
    }
    return draws;
  }
}
