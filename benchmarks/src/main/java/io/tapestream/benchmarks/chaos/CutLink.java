package io.tapestream.benchmarks.chaos;

import io.tapestream.benchmarks.chaos.Outcome.Recovery;
import io.tapestream.benchmarks.chaos.Scenario.Parallelism;
import io.tapestream.jobs.RunningJob;
import io.tapestream.jobs.cluster.ClusterShape;
import io.tapestream.jobs.cluster.FlinkRest;
import io.tapestream.jobs.cluster.LocalCluster;
import io.tapestream.jobs.cluster.RemoteFlink;
import io.tapestream.jobs.embedded.FreePorts;
import io.tapestream.jobs.spec.InvalidSpecException;
import io.tapestream.jobs.spec.JobSpec;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.configuration.NettyShuffleEnvironmentOptions;

/**
 * Learning while what travels between two task managers, gradients and weights, goes over a link of
 * 1 Mbit/s and 200 ms that is then cut for a while.
 *
 * <pre>
 * a quarter of the records is learned over the slow link
 * the link is cut     nothing comes through; no trainer's weights are older than allowed
 * the link is mended  the same tasks go on: a job that fails is not restarted
 * the job ends; each record has counted once
 * </pre>
 *
 * <p>The server refuses a gradient that is too stale, which would fail the job.
 */
public final class CutLink implements AutoCloseable {

  /**
   * What is run, and how old weights may and must get.
   *
   * @param least rounds that some batch of each trainer is behind
   * @param most rounds that a batch may be behind; without a bound, all rounds that there are
   */
  public record Case(Scenario scenario, double least, double most) {
    /** A run of so many rounds. */
    public static Case of(Workload workload, String consistency, String backend, int rounds) {
      List<Parallelism> size = List.of(new Parallelism(TASK_MANAGERS, 1));
      int records = rounds * BATCH * Scenario.PARTITIONS;
      Scenario scenario = new Scenario(workload, consistency, backend, records, 0, 0, 0, size, 1);
      return switch (consistency) {
        case "synchronous" -> new Case(scenario, 0, 0);
        case "bounded(2)" -> new Case(scenario, 1, 2);
        default -> new Case(scenario, Math.max(1, rounds / 20), rounds);
      };
    }
  }

  /** Both workloads in the three consistency modes, on each state backend. */
  static List<Case> cases(List<String> backends) {
    List<Case> cases = new ArrayList<>();
    for (Workload workload : Workload.values()) {
      for (String backend : backends) {
        for (String consistency : List.of("synchronous", "bounded(2)", "asynchronous")) {
          cases.add(Case.of(workload, consistency, backend, rounds(workload, consistency)));
        }
      }
    }
    return cases;
  }

  /** A gradient of LeNet takes two seconds over the link, so it gets fewer. */
  private static int rounds(Workload workload, String consistency) {
    boolean small = workload == Workload.LEDGER;
    return switch (consistency) {
      case "synchronous" -> small ? 15 : 6;
      case "bounded(2)" -> small ? 15 : 8;
      default -> small ? 60 : 12;
    };
  }

  private static final int TASK_MANAGERS = 2;
  private static final int BATCH = 4;
  private static final int BITS_PER_SECOND = 1_000_000;
  private static final Duration DELAY = Duration.ofMillis(200);
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final Duration PAUSE = Duration.ofMillis(20);

  /** Of a trainer's newest batches, as Prometheus reads it. */
  private static final Pattern STALENESS =
      Pattern.compile("flink_\\w+_operator_staleness\\{.*quantile=\"0.999\".*\\} (\\S+)");

  private final String bootstrap;
  private final LocalCluster cluster;
  private final List<SlowLink> links = new ArrayList<>();
  private final List<Integer> reporters = new ArrayList<>(); // their ports
  private int topics;

  private CutLink(String bootstrap, LocalCluster cluster) {
    this.bootstrap = bootstrap;
    this.cluster = cluster;
  }

  /**
   * Starts a cluster whose task managers reach each other over links.
   *
   * @param directory of the cluster; new
   * @param bootstrap of a broker, which is reached directly
   */
  public static CutLink start(Path directory, String bootstrap) throws Exception {
    CutLink started = new CutLink(bootstrap, LocalCluster.up(directory, ClusterShape.of(0, 1)));
    try {
      started.startTaskManagers();
      return started;
    } catch (Exception e) {
      started.close();
      throw e;
    }
  }

  private void startTaskManagers() throws Exception {
    for (int i = 0; i < TASK_MANAGERS; i++) {
      int port = FreePorts.next();
      int reporter = FreePorts.next();
      SlowLink link = SlowLink.to(port);
      links.add(link);
      reporters.add(reporter);
      cluster.startTaskManager(
          Map.of(
              NettyShuffleEnvironmentOptions.DATA_PORT.key(),
              String.valueOf(link.port()),
              NettyShuffleEnvironmentOptions.DATA_BIND_PORT.key(),
              String.valueOf(port),
              "metrics.reporter.prometheus.port",
              String.valueOf(reporter)));
    }
    cluster.awaitTaskManagers(TASK_MANAGERS);
  }

  /** One run with a broker and a cluster of its own. */
  static Outcome once(Case what, Duration cut, Path directory, Consumer<String> log)
      throws Exception {
    try (BrokerProcess broker = BrokerProcess.start(directory.resolve("broker"));
        CutLink link = start(directory.resolve("cluster"), broker.bootstrapServers())) {
      return link.run(what, cut, directory, log);
    }
  }

  /**
   * Runs a job to its end.
   *
   * @param cut for how long nothing comes through
   * @param directory for checkpoints and versions; new
   * @param log is told each step
   * @return whether each record counted once and no bound was broken, and the time from the link's
   *     mending to the next applied round
   * @throws Exception if something else goes wrong, such as a job that fails
   */
  public Outcome run(Case what, Duration cut, Path directory, Consumer<String> log)
      throws Exception {
    Instant start = Instant.now();
    Scenario scenario = what.scenario();
    String topic = "link-" + ++topics;
    JobSpec spec = spec(scenario, topic, directory, "versions");
    ClassLoader loader = CutLink.class.getClassLoader();
    links.forEach(SlowLink::mend);
    links.forEach(link -> link.slowTo(BITS_PER_SECOND, DELAY));
    try (Records records = Records.create(scenario, bootstrap, topic);
        RunningJob job = started(scenario, spec, records, loader)) {
      awaitRecords(job, scenario.records() / 4);
      awaitTrainers(job);
      links.forEach(SlowLink::cut);
      records.writeUpTo(
          scenario.records()); // not before: without a bound one trainer could be done
      Optional<String> problem = duringCut(job, what, cut, log);
      long before = job.progress().records();
      links.forEach(SlowLink::mend);
      Instant mended = Instant.now();
      awaitRecords(job, before + 1);
      Duration away = Duration.between(mended, Instant.now());
      log.accept("mended: %.1f s to the next round".formatted(away.toMillis() / 1e3));
      new JobWatch(job, new FlinkRest(cluster.address())).awaitEnd();
      return new Outcome(
          List.of(new Recovery(Fault.LINK, away)),
          problem.isPresent()
              ? problem
              : LastVersion.problem(
                  scenario, job.versions(), spec(scenario, topic, directory, "undisturbed")),
          Duration.between(start, Instant.now()));
    } finally {
      links.forEach(SlowLink::mend);
    }
  }

  private RunningJob started(Scenario scenario, JobSpec spec, Records records, ClassLoader loader)
      throws Exception {
    records.writeUpTo(scenario.records() / 2);
    return ChaosJob.start(
        scenario, spec, RemoteFlink.connect(cluster.address(), loader), null, loader);
  }

  /** What is not as it should be while nothing comes through. */
  private Optional<String> duringCut(RunningJob job, Case what, Duration cut, Consumer<String> log)
      throws Exception {
    long passed = passed();
    boolean woken = new CountDownLatch(1).await(cut.toMillis(), TimeUnit.MILLISECONDS);
    List<Double> staleness = staleness();
    log.accept(
        "cut for %d s: trainers' staleness %s, %s to %s allowed"
            .formatted(cut.toSeconds(), staleness, what.least(), what.most()));
    if (woken || passed() != passed) {
      return Optional.of("something came through a link that was cut");
    }
    if (job.progress().records() >= what.scenario().records()) {
      return Optional.of("all was learned while the link was cut");
    }
    boolean within =
        staleness.size() == TASK_MANAGERS
            && staleness.stream().allMatch(s -> s >= what.least() && s <= what.most());
    return within
        ? Optional.empty()
        : Optional.of(
            "trainers' weights were %s rounds old, not %s to %s"
                .formatted(staleness, what.least(), what.most()));
  }

  private static void awaitRecords(RunningJob job, long records) throws Exception {
    Instant end = Instant.now().plus(PATIENCE);
    while (job.progress().records() < records && !job.await(PAUSE)) {
      if (Instant.now().isAfter(end)) {
        throw new IllegalStateException(
            "waited %s for %d records; last failure: %s"
                .formatted(PATIENCE, records, job.lastFailure()));
      }
    }
  }

  /** Waits until each has learned from a batch: without a bound one may be far ahead by then. */
  private void awaitTrainers(RunningJob job) throws Exception {
    Instant end = Instant.now().plus(PATIENCE);
    while (!haveAllLearned() && !job.await(PAUSE)) {
      if (Instant.now().isAfter(end)) {
        throw new IllegalStateException(
            "waited %s for a batch of each trainer; last failure: %s"
                .formatted(PATIENCE, job.lastFailure()));
      }
    }
  }

  private boolean haveAllLearned() throws InterruptedException {
    try {
      List<Double> staleness = staleness();
      return staleness.size() == TASK_MANAGERS && staleness.stream().noneMatch(s -> s.isNaN());
    } catch (IOException e) {
      return false; // a busy reporter broke off: it is asked again
    }
  }

  /** The greatest, in rounds, of each trainer, as the task managers report it to Prometheus. */
  private List<Double> staleness() throws IOException, InterruptedException {
    List<Double> greatest = new ArrayList<>();
    HttpClient http = HttpClient.newHttpClient();
    for (int port : reporters) {
      URI metrics = URI.create("http://127.0.0.1:" + port + "/metrics");
      HttpRequest request = HttpRequest.newBuilder(metrics).build();
      String told = http.send(request, HttpResponse.BodyHandlers.ofString()).body();
      Matcher staleness = STALENESS.matcher(told);
      while (staleness.find()) {
        greatest.add(Double.valueOf(staleness.group(1)));
      }
    }
    return greatest;
  }

  private long passed() {
    return links.stream().mapToLong(SlowLink::passed).sum();
  }

  private JobSpec spec(Scenario scenario, String topic, Path directory, String run)
      throws InvalidSpecException {
    String yaml =
        """
        name: %s
        source: {bootstrap: "%s", topic: %s, stop: offset %d}
        %sbatchSize: %d
        consistency: %s
        parallelism: {trainers: %d, blockFloats: %d}
        checkpoints: {interval: 2 s, directory: '%s', backend: %s}
        restart: {attempts: 0}
        publish: {directory: '%s'}
        """
            .formatted(
                topic,
                bootstrap,
                topic,
                scenario.records() / Scenario.PARTITIONS,
                scenario.workload().model(scenario.records()),
                BATCH,
                scenario.consistency(),
                TASK_MANAGERS,
                scenario.workload().blockFloats(scenario.records()),
                directory.resolve("checkpoints"),
                scenario.backend(),
                directory.resolve(run));
    return JobSpec.parse(yaml, "link.yaml");
  }

  @Override
  public void close() throws IOException {
    try {
      cluster.down();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    for (SlowLink link : links) {
      link.close();
    }
  }
}
