package io.tapestream.stories;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.benchmarks.chaos.Chaos;
import io.tapestream.benchmarks.chaos.Outcome;
import io.tapestream.benchmarks.chaos.Scenario;
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

  private Outcome run(Scenario scenario) throws Exception {
    List<String> steps = new ArrayList<>();
    try {
      return Chaos.run(scenario, directory, steps::add);
    } catch (Exception | AssertionError e) {
      throw new AssertionError("after " + steps, e);
    }
  }
}
