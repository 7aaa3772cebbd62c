package io.tapestream.benchmarks.chaos;

import io.tapestream.benchmarks.Benchmark;
import io.tapestream.benchmarks.Pace;
import io.tapestream.benchmarks.Report;
import java.nio.file.Files;
import java.util.List;
import java.util.Optional;

/** {@code cycles}: a hundred jobs that come and go leave one task manager as it was. */
public final class CyclesBenchmark implements Benchmark {
  private static final int CYCLES = 100;
  private static final int FEW = 10;
  private static final double MIB = 1 << 20;

  @Override
  public String name() {
    return "cycles";
  }

  @Override
  public String summary() {
    return "submit and cancel, 100 times on one task manager: memory, metaspace, threads";
  }

  @Override
  public Report run(Pace pace) throws Exception {
    Report report = new Report();
    for (Workload workload : Workload.values()) {
      int cycles = pace == Pace.FULL ? CYCLES : FEW;
      List<Footprint> footprints =
          Cycles.run(
              cycles,
              workload,
              Files.createTempDirectory("tapestream-cycles-"),
              System.err::println);
      int warm = cycles / 5;
      Footprint last = footprints.get(cycles - 1);
      String title = workload.title();
      Optional<String> grown = last.grownSince(footprints.get(warm - 1));
      grown.ifPresent(
          what -> report.broke("%s, from cycle %d to %d: %s".formatted(title, warm, cycles, what)));
      for (int i = FEW; i <= cycles; i += FEW) {
        Footprint footprint = footprints.get(i - 1);
        report
            .row("learned", title)
            .with("cycle", i)
            .with("resident MiB", footprint.resident() / MIB)
            .with("metaspace MiB", footprint.metaspace() / MIB)
            .with("heap MiB", footprint.heap() / MIB)
            .with("threads", footprint.threads())
            .with("verdict", i < cycles ? "" : grown.orElse("flat"));
      }
    }
    return report;
  }
}
