package io.tapestream.benchmarks.chaos;

import io.tapestream.benchmarks.Benchmark;
import io.tapestream.benchmarks.Pace;
import io.tapestream.benchmarks.Report;
import io.tapestream.jobs.Reasons;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * {@code chaos}: every record counts once, whatever is killed: both workloads, both state backends,
 * all three consistencies.
 */
public final class ChaosBenchmark implements Benchmark {
  private static final List<String> CONSISTENCIES =
      List.of("synchronous", "bounded(4)", "asynchronous");
  private static final List<String> BACKENDS = List.of("hashmap", "rocksdb");

  @Override
  public String name() {
    return "chaos";
  }

  @Override
  public String summary() {
    return "kill -9 of task managers, job manager and broker, and rescales: exactly once, same bits";
  }

  @Override
  public Report run(Pace pace) throws Exception {
    return run(pace, 1, List.of());
  }

  @Override
  public Report run(Pace pace, long seed, List<String> only) throws Exception {
    Report report = new Report();
    for (Scenario scenario : scenarios(pace, seed, only)) {
      System.err.println(scenario);
      Path directory = Files.createTempDirectory("tapestream-chaos-");
      Report.Row row =
          report
              .row("learned", title(scenario.workload()))
              .with("consistency", scenario.consistency())
              .with("state", scenario.backend())
              .with("records", scenario.records());
      try {
        Outcome outcome = Chaos.run(scenario, directory, System.err::println);
        System.err.println(outcome.problem().orElse("each once"));
        add(row, outcome);
      } catch (Exception e) {
        row.with("verdict", String.join("; because ", Reasons.of(e)) + "; see " + directory);
      }
    }
    return report;
  }

  private static List<Scenario> scenarios(Pace pace, long seed, List<String> only) {
    List<Scenario> scenarios = new ArrayList<>();
    for (Workload workload : Workload.values()) {
      for (String backend : BACKENDS) {
        for (String consistency : CONSISTENCIES) {
          if (List.of(title(workload), consistency, backend).containsAll(only)) {
            scenarios.add(
                pace == Pace.FULL
                    ? Scenario.full(workload, consistency, backend, seed)
                    : Scenario.bounded(workload, consistency, backend, seed));
          }
        }
      }
    }
    if (scenarios.isEmpty()) {
      throw new IllegalArgumentException(
          "no row has all of %s: rows are of ledger or lenet, %s, %s"
              .formatted(only, CONSISTENCIES, BACKENDS));
    }
    return scenarios;
  }

  private static String title(Workload workload) {
    return workload.name().toLowerCase(Locale.ROOT);
  }

  private static void add(Report.Row row, Outcome outcome) {
    row.with("verdict", outcome.problem().orElse("each once"));
    for (Fault fault : Fault.values()) {
      String title = fault.name().toLowerCase(Locale.ROOT).replace('_', ' ');
      row.with(title + " median s", seconds(outcome.median(fault)));
      row.with(title + " max s", seconds(outcome.longest(fault)));
    }
    row.with("minutes", outcome.time().toMillis() / 60e3);
  }

  private static double seconds(Optional<Duration> time) {
    return time.map(t -> t.toMillis() / 1e3).orElse(Double.NaN);
  }
}
