package io.tapestream.benchmarks.stream;

import io.tapestream.benchmarks.Benchmark;
import io.tapestream.benchmarks.Contestant;
import io.tapestream.benchmarks.Interleaved;
import io.tapestream.benchmarks.Interleaved.Speeds;
import io.tapestream.benchmarks.Pace;
import io.tapestream.benchmarks.Report;
import io.tapestream.benchmarks.TimedFit;
import io.tapestream.benchmarks.Workload;
import io.tapestream.benchmarks.peers.DjlTrainer;
import io.tapestream.benchmarks.peers.KafkaDjlLoop;
import io.tapestream.benchmarks.stream.TrainingJobs.Shape;
import io.tapestream.jobs.embedded.EmbeddedKafka;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;

/**
 * The streaming job's records/s beside the same model's {@code fit}, the topic merely read, a loop
 * written by hand, and the same job with two trainers; and where a trainer's time goes.
 *
 * <p>Two topics per model are filled once, one of a single partition and one of two, and read from
 * the start in each turn. The effective batch is the same for all: two trainers take half of it
 * each.
 */
public final class StreamBenchmark implements Benchmark {
  private static final Interleaved PACE =
      new Interleaved(Duration.ofSeconds(2), Duration.ofSeconds(3), 3);
  private static final Duration RUN_IN = Duration.ofMillis(500);
  private static final int[] BATCHES = {256, 1024};
  private static final int EXAMPLES = 8 * 1024;

  private static final String ONE = "job, 1 trainer";
  private static final String TWO = "job, 2 trainers";
  private static final String FIT = "fit in memory";
  private static final String READ = "KafkaSource, read only";
  private static final String LOOP = "kafka-clients + DJL";

  /** Topics that hold the same records, over and over. */
  private record Topics(Records records, Topic single, Topic halves) {}

  /** Makes the benchmark. */
  public StreamBenchmark() {}

  @Override
  public String name() {
    return "stream";
  }

  @Override
  public String summary() {
    return "records/s of the streaming job beside fit, mere reading, kafka-clients + DJL; 1 and 2"
        + " trainers";
  }

  @Override
  public Report run(Pace pace) throws Exception {
    Interleaved turns = pace.of(PACE);
    Report report = new Report();
    try (Workbench bench = Workbench.open()) {
      OneProcess here = bench.oneProcess();
      TrainingJobs jobs = bench.jobs(here, "jobs");
      for (Workload workload : Workload.values()) {
        Topics topics = fill(bench.kafka(), workload, turns);
        for (int batch : BATCHES) {
          measure(report, turns, topics, batch, here, jobs);
        }
      }
      return report;
    }
  }

  /** As many records as a job may train on in a turn, going by how fast {@code fit} is. */
  private static Topics fill(EmbeddedKafka kafka, Workload workload, Interleaved turns)
      throws Exception {
    Records records = Records.of(workload, EXAMPLES);
    double perSecond;
    try (TimedFit fit = fit(records, BATCHES[BATCHES.length - 1])) {
      perSecond = fit.perSecond(Duration.ofSeconds(1));
    }
    double seconds = turns.turn().plus(RUN_IN).toMillis() / 1e3;
    long each = EXAMPLES * (4 + (long) (1.1 * seconds * perSecond / EXAMPLES));
    String name = workload.title();
    return new Topics(
        records,
        Topic.fill(kafka, name + "-1", 1, each, records),
        Topic.fill(kafka, name + "-2", 2, 2 * each, records));
  }

  private static TimedFit fit(Records records, int batch) {
    return new TimedFit(records.workload(), records.features(), records.labels(), batch);
  }

  private static void measure(
      Report report,
      Interleaved turns,
      Topics topics,
      int batch,
      OneProcess here,
      TrainingJobs jobs)
      throws Exception {
    Workload workload = topics.records().workload();
    Topic single = topics.single();
    FlinkContestant one =
        new FlinkContestant(
            here, single, "records", RUN_IN, () -> jobs.submit(Shape.of(workload, batch), single));
    FlinkContestant two =
        new FlinkContestant(
            here,
            topics.halves(),
            "records",
            RUN_IN,
            () -> jobs.submit(Shape.of(workload, batch / 2), topics.halves()));
    ReadingJobs reading = new ReadingJobs(here.flink());
    FlinkContestant read =
        new FlinkContestant(
            here, single, ReadingJobs.COUNTED, Duration.ZERO, () -> reading.submit(single));
    try (TimedFit fit = fit(topics.records(), batch);
        DjlTrainer djl = workload.djl();
        KafkaDjlLoop loop =
            new KafkaDjlLoop(
                single.bootstrap(),
                new TopicPartition(single.name(), 0),
                djl,
                workload.input().size(),
                batch)) {
      Map<String, Contestant> contestants = new LinkedHashMap<>();
      contestants.put(ONE, one);
      contestants.put(FIT, fit);
      contestants.put(TWO, two);
      contestants.put(LOOP, loop.each(batch));
      contestants.put(READ, turn -> read.perSecond(turn.dividedBy(3))); // the topic ends sooner
      Speeds speeds = turns.measure(contestants);
      Report.Row first = row(report, workload, batch, ONE, speeds);
      tell(first, one.counted(), 1);
      for (String other : List.of(FIT, LOOP, READ)) {
        Report.Row row = row(report, workload, batch, other, speeds);
        row.with("1 trainer over it", speeds.ratio(ONE, other));
      }
      Report.Row last = row(report, workload, batch, TWO, speeds);
      last.with("over 1 trainer", speeds.ratio(TWO, ONE));
      tell(last, two.counted(), 2);
    }
  }

  private static Report.Row row(
      Report report, Workload workload, int batch, String contestant, Speeds speeds) {
    return report
        .row("model", workload.title())
        .with("batch", Integer.toString(batch))
        .with("what", contestant)
        .with("records/s", speeds.median(contestant));
  }

  /** Where the trainers' time went; the rest is the reading of records and Flink itself. */
  private static void tell(Report.Row row, Window window, int trainers) {
    double rest = 100;
    for (String where : Mark.SPENT) {
      double percent = window.percent(where, trainers);
      row.with(where + " %", percent);
      rest -= percent;
    }
    row.with("rest %", rest).with("cores", window.cores());
  }
}
