package io.tapestream.benchmarks.chaos;

import io.tapestream.benchmarks.Benchmark;
import io.tapestream.benchmarks.Pace;
import io.tapestream.benchmarks.Report;
import java.nio.file.Files;
import java.util.List;
import java.util.Locale;

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
      for (int i = FEW; i <= cycles; i += FEW) {
        Footprint footprint = footprints.get(i - 1);
        report
            .row("learned", workload.name().toLowerCase(Locale.ROOT))
            .with("cycle", i)
            .with("resident MiB", footprint.resident() / MIB)
            .with("metaspace MiB", footprint.metaspace() / MIB)
            .with("heap MiB", footprint.heap() / MIB)
            .with("threads", footprint.threads());
      }
    }
    return report;
  }
}
