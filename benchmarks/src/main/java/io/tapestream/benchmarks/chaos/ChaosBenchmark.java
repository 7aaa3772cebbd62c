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
import java.util.Set;
import java.util.TreeSet;

/**
 * {@code chaos}: every record counts once, whatever is killed, in both workloads, both state
 * backends and all three consistencies, when the link between task managers is cut, and when a disk
 * is full or read-only.
 */
public final class ChaosBenchmark implements Benchmark {
  private static final List<String> CONSISTENCIES =
      List.of("synchronous", "bounded(4)", "asynchronous");
  private static final List<String> BACKENDS = List.of("hashmap", "rocksdb");
  private static final String SOUND = "each once";

  /** One line of the table, to be run in a new directory. */
  private record Planned(String struckBy, Scenario scenario, Run run) {
    List<String> words() {
      List<String> words = new ArrayList<>(List.of(struckBy.split(" ", -1)));
      words.add(scenario.workload().title());
      words.add(scenario.consistency());
      words.add(scenario.backend());
      return words;
    }
  }

  private interface Run {
    /** Empty where this machine can't. */
    Optional<Outcome> in(Path directory) throws Exception;
  }

  @Override
  public String name() {
    return "chaos";
  }

  @Override
  public String summary() {
    return "kill -9 of task managers, job manager and broker, rescales, cut links, full disks: exactly"
        + " once, same bits";
  }

  @Override
  public Report run(Pace pace) throws Exception {
    return run(pace, 1, List.of());
  }

  @Override
  public Report run(Pace pace, long seed, List<String> only) throws Exception {
    Report report = new Report();
    for (Planned planned : planned(pace, seed, only)) {
      System.err.println(planned.struckBy() + ": " + planned.scenario());
      Path directory = Files.createTempDirectory("tapestream-chaos-");
      Report.Row row =
          report
              .row("learned", planned.scenario().workload().title())
              .with("struck by", planned.struckBy())
              .with("consistency", planned.scenario().consistency())
              .with("state", planned.scenario().backend())
              .with("records", planned.scenario().records());
      try {
        Optional<Outcome> run = planned.run().in(directory);
        String verdict =
            run.map(outcome -> outcome.problem().orElse(SOUND))
                .orElse("skipped: this process may not mount a disk");
        System.err.println(verdict);
        row.with("verdict", verdict);
        run.flatMap(Outcome::problem)
            .ifPresent(problem -> report.broke(planned.words() + ": " + problem));
        run.ifPresent(outcome -> add(row, outcome));
      } catch (Exception e) {
        String reason = String.join("; because ", Reasons.of(e)) + "; see " + directory;
        report.broke(planned.words() + ": " + reason);
        row.with("verdict", reason);
      }
    }
    return report;
  }

  private static List<Planned> planned(Pace pace, long seed, List<String> only) {
    List<Planned> all = kills(pace, seed);
    Duration cut = Duration.ofSeconds(pace == Pace.FULL ? 60 : 3);
    for (CutLink.Case what : CutLink.cases(BACKENDS)) {
      all.add(
          new Planned(
              "link",
              what.scenario(),
              directory -> Optional.of(CutLink.once(what, cut, directory, System.err::println))));
    }
    for (DiskTrouble trouble : DiskTrouble.values()) {
      for (Workload workload : Workload.values()) {
        for (String backend : BACKENDS) {
          Scenario scenario = DiskTrouble.scenario(workload, backend);
          all.add(
              new Planned(
                  trouble.title(),
                  scenario,
                  directory -> trouble.once(scenario, directory, System.err::println)));
        }
      }
    }
    List<Planned> wanted = all.stream().filter(p -> p.words().containsAll(only)).toList();
    if (wanted.isEmpty()) {
      Set<String> words = new TreeSet<>();
      all.forEach(p -> words.addAll(p.words()));
      throw new IllegalArgumentException(
          "no row has all of %s; rows have words of %s".formatted(only, words));
    }
    return wanted;
  }

  private static List<Planned> kills(Pace pace, long seed) {
    List<Planned> kills = new ArrayList<>();
    for (Workload workload : Workload.values()) {
      for (String backend : BACKENDS) {
        for (String consistency : CONSISTENCIES) {
          Scenario scenario =
              pace == Pace.FULL
                  ? Scenario.full(workload, consistency, backend, seed)
                  : Scenario.bounded(workload, consistency, backend, seed);
          kills.add(
              new Planned(
                  "kills",
                  scenario,
                  directory -> Optional.of(Chaos.run(scenario, directory, System.err::println))));
        }
      }
    }
    return kills;
  }

  private static void add(Report.Row row, Outcome outcome) {
    for (Fault fault : Fault.values()) {
      String title = fault.name().toLowerCase(Locale.ROOT).replace('_', ' ');
      outcome.median(fault).ifPresent(time -> row.with(title + " median s", seconds(time)));
      outcome.longest(fault).ifPresent(time -> row.with(title + " max s", seconds(time)));
    }
    row.with("minutes", outcome.time().toMillis() / 60e3);
  }

  private static double seconds(Duration time) {
    return time.toMillis() / 1e3;
  }
}
