package io.tapestream.stories;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tapestream.benchmarks.chaos.Cycles;
import io.tapestream.benchmarks.chaos.Footprint;
import io.tapestream.benchmarks.chaos.Workload;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Jobs that come and go leave a task manager as it was. {@code benchmarks/run cycles} has a hundred
 * of them.
 */
class CyclesStoryTest {
  private static final int CYCLES = 4;

  @TempDir Path directory;

  @Test
  void a_cancelled_job_leaves_no_class_loader_no_thread_and_no_memory_behind() throws Exception {
    assumeTrue(
        Files.exists(Path.of("/proc/self/status")), "footprints are read from Linux's /proc");
    List<Footprint> footprints =
        Cycles.run(CYCLES, Workload.LEDGER, directory, System.out::println);

    Footprint warm = footprints.get(CYCLES / 2 - 1);
    Footprint last = footprints.get(CYCLES - 1);
    assertThat(last.grownSince(warm)).as("growth: %s", footprints).isEmpty();
    assertThat(footprints).allSatisfy(after -> assertThat(after.jobThreads()).isEmpty());
  }
}
