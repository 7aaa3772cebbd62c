package io.tapestream.stories;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.benchmarks.chaos.Chaos;
import io.tapestream.benchmarks.chaos.Outcome;
import io.tapestream.benchmarks.chaos.Scenario;
import io.tapestream.benchmarks.chaos.Scenario.Parallelism;
import io.tapestream.benchmarks.chaos.Workload;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * On a cluster of processes that are killed, the job manager and the broker too, and rescaled in
 * between. {@code benchmarks/run chaos} is the same with many more kills.
 */
class ChaosStoryTest {
  @TempDir Path directory;

  @Test
  void each_record_counts_once_whatever_is_killed_I1() throws Exception {
    assertThat(run(Scenario.bounded(Workload.LEDGER, "synchronous", "hashmap", 1)).problem())
        .isEmpty();
  }

  /**
   * Adam's steps depend on their order, so that a round applied twice or late shows in the bits.
   */
  @Test
  void a_convolutional_networks_weights_have_the_same_bits_after_kills_and_a_rescale_I2()
      throws Exception {
    Scenario kills =
        new Scenario(
            Workload.LENET,
            "synchronous",
            "rocksdb",
            8_000,
            2,
            0,
            0,
            List.of(new Parallelism(2, 2), new Parallelism(4, 3)),
            1);
    assertThat(run(kills).problem()).isEmpty();
  }

  private Outcome run(Scenario scenario) throws Exception {
    List<String> steps = new ArrayList<>();
    try {
      return Chaos.run(scenario, directory, steps::add);
    } catch (Exception | AssertionError e) {
      throw new AssertionError("after " + steps, e);
    }
  }
}
