package io.tapestream.benchmarks.stream;

import io.tapestream.benchmarks.Benchmark;
import io.tapestream.benchmarks.Contestant;
import io.tapestream.benchmarks.Interleaved;
import io.tapestream.benchmarks.Interleaved.Speeds;
import io.tapestream.benchmarks.Pace;
import io.tapestream.benchmarks.Report;
import io.tapestream.benchmarks.Workload;
import io.tapestream.jobs.embedded.EmbeddedFlink;
import io.tapestream.jobs.embedded.EmbeddedKafka;
import io.tapestream.layers.ActivationFunction;
import io.tapestream.layers.Dense;
import io.tapestream.models.Model;
import io.tapestream.models.Sequential;
import io.tapestream.optimizers.Sgd;
import io.tapestream.parameterserver.BlockLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
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

  /** Trainers and shards. */
  private record Parallelism(int trainers, int shards) {
    String title() {
      return trainers + " × " + shards;
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

    Model model() {
      return Sequential.of(new Dense(units, ActivationFunction.RELU), new Dense(1));
    }

    int bytes() {
      return Float.BYTES * (units * (INPUTS + 2) + 1);
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
    return "rounds/s and MB/s of gradients and weights, by trainers, shards and model size";
  }

  @Override
  public Report run(Pace pace) throws Exception {
    Interleaved turns = pace.of(PACE);
    Report report = new Report();
    Path directory = Files.createTempDirectory("tapestream-benchmark-");
    try (EmbeddedKafka kafka = EmbeddedKafka.start();
        EmbeddedFlink flink = EmbeddedFlink.start(1, 2)) {
      TrainingJobs jobs = new TrainingJobs(flink, directory);
      Records records = Records.of(Workload.PERCEPTRON, EXAMPLES);
      Topics topics =
          new Topics(
              Topic.fill(kafka, "one", 1, RECORDS, records),
              Topic.fill(kafka, "two", 2, 2 * RECORDS, records));
      for (Size size : Size.values()) {
        measure(report, turns, size, topics, flink, jobs);
      }
      limits(report, turns);
      return report;
    } finally {
      Directories.remove(directory);
    }
  }

  private static void measure(
      Report report,
      Interleaved turns,
      Size size,
      Topics topics,
      EmbeddedFlink flink,
      TrainingJobs jobs)
      throws Exception {
    Map<String, Contestant> contestants = new LinkedHashMap<>();
    Map<Parallelism, FlinkContestant> embedded = new LinkedHashMap<>();
    for (Parallelism parallelism : PARALLELISMS) {
      Topic topic = topics.of(parallelism);
      var shape =
          new TrainingJobs.Shape(
              Workload.PERCEPTRON,
              size::model,
              new Sgd(1e-4),
              1,
              parallelism.shards(),
              BlockLayout.DEFAULT_BLOCK_FLOATS,
              CHECKPOINTS);
      FlinkContestant job =
          new FlinkContestant(flink, topic, "records", RUN_IN, () -> jobs.submit(shape, topic));
      embedded.put(parallelism, job);
      contestants.put(parallelism.title(), job);
    }
    Speeds speeds = turns.measure(contestants);
    embedded.forEach(
        (parallelism, job) -> {
          Window window = job.counted();
          double rounds = speeds.median(parallelism.title()) / parallelism.trainers();
          Report.Row row =
              report
                  .row("model", size.title)
                  .with("trainers × shards", parallelism.title())
                  .with("rounds/s", rounds)
                  .with("MB/s", window.bytesPerSecond() / 1e6)
                  .with(
                      "bytes over dense",
                      window.bytes()
                          / ((double) window.records() / parallelism.trainers())
                          / ((parallelism.trainers() + 1.0) * size.bytes()))
                  .with("cores", window.cores());
          for (String where : Mark.SPENT) {
            row.with(where + " %", window.percent(where, parallelism.trainers()));
          }
        });
  }

  private static void limits(Report report, Interleaved turns) throws Exception {
    Speeds speeds = turns.measure(Map.of(MEMORY, Limits.memoryCopy(), LOOPBACK, Limits.loopback()));
    for (String limit : List.of(MEMORY, LOOPBACK)) {
      report.row("model", limit).with("MB/s", speeds.median(limit) / 1e6);
    }
  }
}
