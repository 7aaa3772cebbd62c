package io.tapestream.benchmarks.stream;

import io.tapestream.benchmarks.Benchmark;
import io.tapestream.benchmarks.Contestant;
import io.tapestream.benchmarks.Interleaved;
import io.tapestream.benchmarks.Interleaved.Speeds;
import io.tapestream.benchmarks.Pace;
import io.tapestream.benchmarks.Report;
import io.tapestream.benchmarks.Workload;
import io.tapestream.layers.ActivationFunction;
import io.tapestream.layers.Dense;
import io.tapestream.models.Model;
import io.tapestream.models.Sequential;
import io.tapestream.optimizers.Sgd;
import io.tapestream.parameterserver.BlockLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Rounds a second, and the bytes that they move, of the streaming job with mini-batches of one
 * example: what the way of the gradients up and of the weights down costs, from Kafka to the gate.
 * The model is a perceptron whose one hidden layer is as wide as its size asks for, and the
 * optimizer is plain SGD, so that little else is computed.
 */
public final class RoundsBenchmark implements Benchmark {
  private static final Interleaved PACE =
      new Interleaved(Duration.ofSeconds(2), Duration.ofSeconds(2), 3);
  private static final Duration RUN_IN = Duration.ofMillis(500);
  private static final Duration CHECKPOINTS = Duration.ofSeconds(10); // a specification's default
  private static final int INPUTS = Workload.PERCEPTRON.input().size();
  private static final int EXAMPLES = 1_024;
  private static final long RECORDS = 60_000; // of a partition; more than any turn takes

  private static final String MEMORY = "memory copy";
  private static final String LOOPBACK = "loopback";

  /** Where jobs run. */
  private enum Place {
    ONE("one"),
    SEPARATE("separate");

    private final String title;

    Place(String title) {
      this.title = title;
    }
  }

  /** Trainers and shards. */
  private record Parallelism(int trainers, int shards) {
    String title() {
      return trainers + " × " + shards;
    }

    String word() {
      return trainers + "x" + shards;
    }
  }

  /** A partition for each trainer. */
  private record Topics(Topic one, Topic two) {
    Topic of(Parallelism parallelism) {
      return parallelism.trainers() == 1 ? one : two;
    }
  }

  private static final List<Parallelism> PARALLELISMS =
      List.of(new Parallelism(1, 1), new Parallelism(2, 1), new Parallelism(2, 2));

  /** A perceptron by the units of its hidden layer. */
  private enum Size {
    TINY("tiny", 1),
    HUNDRED_KB("100 kB", 595),
    ONE_MB("1 MB", 5_950),
    TEN_MB("10 MB", 59_500),
    HUNDRED_MB("100 MB", 595_000);

    private final String title;
    private final int units;

    Size(String title, int units) {
      this.title = title;
      this.units = units;
    }

    String word() {
      return title.replace(" ", "");
    }

    Model model() {
      return Sequential.of(new Dense(units, ActivationFunction.RELU), new Dense(1));
    }

    int bytes() {
      return Float.BYTES * (units * (INPUTS + 2) + 1);
    }
  }

  /** What a row is about. */
  private record Case(Size size, Place place, Parallelism parallelism) {

    static List<Case> all() {
      List<Case> cases = new ArrayList<>();
      for (Size size : Size.values()) {
        for (Place place : Place.values()) {
          PARALLELISMS.forEach(parallelism -> cases.add(new Case(size, place, parallelism)));
        }
      }
      return cases;
    }

    boolean has(List<String> words) {
      return List.of(size.word(), place.title, parallelism.word()).containsAll(words);
    }

    String title() {
      return place.title + " " + parallelism.title();
    }

    /** Of a round: the parameters once for each trainer's gradient and each process's weights. */
    double denseBytes() {
      int trainers = parallelism.trainers();
      int processes = place == Place.ONE ? 1 : trainers;
      return (double) (trainers + processes) * size.bytes();
    }
  }

  /** Makes the benchmark. */
  public RoundsBenchmark() {}

  @Override
  public String name() {
    return "rounds";
  }

  @Override
  public String summary() {
    return "rounds/s and MB/s of gradients and weights, by model size, trainers and shards;"
        + " in one process and in separate ones";
  }

  @Override
  public Report run(Pace pace) throws Exception {
    return run(pace, 0, List.of());
  }

  @Override
  public Report run(Pace pace, long seed, List<String> only) throws Exception {
    List<Case> cases = Case.all().stream().filter(each -> each.has(only)).toList();
    if (cases.isEmpty()) {
      throw new IllegalArgumentException(
          "no row has all of %s: rows are of %s, %s, %s"
              .formatted(
                  only,
                  Arrays.stream(Size.values()).map(Size::word).toList(),
                  Arrays.stream(Place.values()).map(place -> place.title).toList(),
                  PARALLELISMS.stream().map(Parallelism::word).toList()));
    }
    Interleaved turns = pace.of(PACE);
    Report report = new Report();
    try (Workbench bench = Workbench.open()) {
      Records records = Records.of(Workload.PERCEPTRON, EXAMPLES);
      Topics topics =
          new Topics(
              Topic.fill(bench.kafka(), "one", 1, RECORDS, records),
              Topic.fill(bench.kafka(), "two", 2, 2 * RECORDS, records));
      for (Size size : Size.values()) {
        Map<Case, FlinkContestant> jobs = new LinkedHashMap<>();
        for (Case each : cases) {
          if (each.size() == size) {
            Arrangement arrangement =
                each.place() == Place.ONE ? bench.oneProcess() : bench.separateProcesses();
            TrainingJobs submitting = bench.jobs(arrangement, each.place().title);
            jobs.put(each, job(each, topics.of(each.parallelism()), arrangement, submitting));
          }
        }
        measure(report, turns, jobs);
      }
      limits(report, turns);
      return report;
    }
  }

  private static FlinkContestant job(
      Case each, Topic topic, Arrangement arrangement, TrainingJobs jobs) {
    var shape =
        new TrainingJobs.Shape(
            Workload.PERCEPTRON,
            each.size()::model,
            new Sgd(1e-4),
            1,
            each.parallelism().shards(),
            BlockLayout.DEFAULT_BLOCK_FLOATS,
            CHECKPOINTS);
    return new FlinkContestant(
        arrangement, topic, "records", RUN_IN, () -> jobs.submit(shape, topic));
  }

  private static void measure(Report report, Interleaved turns, Map<Case, FlinkContestant> jobs)
      throws Exception {
    Map<String, Contestant> contestants = new LinkedHashMap<>();
    jobs.forEach((each, job) -> contestants.put(each.title(), job));
    Speeds speeds = turns.measure(contestants);
    jobs.forEach((each, job) -> add(report, each, speeds.median(each.title()), job.counted()));
  }

  private static void add(Report report, Case each, double recordsPerSecond, Window window) {
    int trainers = each.parallelism().trainers();
    double rounds = (double) window.records() / trainers;
    Report.Row row =
        report
            .row("model", each.size().title)
            .with("processes", each.place().title)
            .with("trainers × shards", each.parallelism().title())
            .with("rounds/s", recordsPerSecond / trainers)
            .with("MB/s", window.bytesPerSecond() / 1e6)
            .with("bytes over dense", window.bytes() / rounds / each.denseBytes())
            .with("cores", window.cores());
    for (String where : Mark.SPENT) {
      row.with(where + " %", window.percent(where, trainers));
    }
  }

  private static void limits(Report report, Interleaved turns) throws Exception {
    Speeds speeds = turns.measure(Map.of(MEMORY, Limits.memoryCopy(), LOOPBACK, Limits.loopback()));
    for (String limit : List.of(MEMORY, LOOPBACK)) {
      report.row("model", limit).with("MB/s", speeds.median(limit) / 1e6);
    }
  }
}
