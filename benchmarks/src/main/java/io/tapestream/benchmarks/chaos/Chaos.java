package io.tapestream.benchmarks.chaos;

import io.tapestream.benchmarks.chaos.Outcome.Recovery;
import io.tapestream.benchmarks.chaos.Scenario.Parallelism;
import io.tapestream.files.VersionDirectory;
import io.tapestream.jobs.RunningJob;
import io.tapestream.jobs.cluster.ClusterShape;
import io.tapestream.jobs.cluster.FlinkRest;
import io.tapestream.jobs.cluster.LocalCluster;
import io.tapestream.jobs.cluster.RecordedProcess;
import io.tapestream.jobs.cluster.RemoteFlink;
import io.tapestream.jobs.spec.InvalidSpecException;
import io.tapestream.jobs.spec.JobSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs a scenario: a broker, a job manager and two task managers, each a process of its own, and a
 * job that learns while they are killed.
 *
 * <pre>
 * for each fault   some of the newest records are learned, how many the seed says
 *                  the fault strikes, and more records are written
 *                  a round is applied: the job has recovered
 * the rest is written; the job ends; its last version is looked through
 * </pre>
 */
public final class Chaos {
  private static final int TASK_MANAGERS = 2;

  private final Scenario scenario;
  private final Path directory;
  private final BrokerProcess broker;
  private final Records records;
  private final LocalCluster cluster;
  private final Consumer<String> log;
  private final Random random;
  private final Deque<Parallelism> parallelism;
  private final List<Recovery> recoveries = new ArrayList<>();

  private Chaos(
      Scenario scenario,
      Path directory,
      BrokerProcess broker,
      Records records,
      LocalCluster cluster,
      Consumer<String> log) {
    this.scenario = scenario;
    this.directory = directory;
    this.broker = broker;
    this.records = records;
    this.cluster = cluster;
    this.log = log;
    this.random = new Random(scenario.seed());
    this.parallelism = new ArrayDeque<>(scenario.parallelism());
  }

  /**
   * Runs a scenario to its end.
   *
   * @param directory for everything it writes; new
   * @param log is told each step
   * @throws Exception if something else goes wrong than the weights, such as a job that fails
   */
  public static Outcome run(Scenario scenario, Path directory, Consumer<String> log)
      throws Exception {
    Instant start = Instant.now();
    try (BrokerProcess broker = BrokerProcess.start(directory.resolve("broker"));
        Records records = Records.create(scenario, broker.bootstrapServers())) {
      LocalCluster cluster = LocalCluster.up(directory.resolve("cluster"), shape(scenario));
      Chaos chaos;
      try {
        chaos = new Chaos(scenario, directory, broker, records, cluster, log);
        chaos.disturb();
      } finally {
        cluster.down();
      }
      Optional<String> problem =
          LastVersion.problem(
              scenario,
              new VersionDirectory(directory.resolve("disturbed"), ChaosJob.NAME),
              chaos.spec(scenario.parallelism().get(0), "undisturbed"));
      return new Outcome(chaos.recoveries, problem, Duration.between(start, Instant.now()));
    }
  }

  private static ClusterShape shape(Scenario scenario) {
    int slots = (scenario.slots() + TASK_MANAGERS - 1) / TASK_MANAGERS;
    return ClusterShape.of(TASK_MANAGERS, slots).withHighAvailability();
  }

  private void disturb() throws Exception {
    int part = scenario.recordsPerFault();
    Part running = start(parallelism.removeFirst(), null);
    records.writeUpTo(part);
    for (Fault fault : scenario.faults()) {
      running.watch().awaitRecords(records.written() - part + random.nextInt(part * 8 / 10));
      Instant struck = Instant.now();
      running = strike(fault, running);
      Duration time = Duration.between(struck, Instant.now());
      recoveries.add(new Recovery(fault, time));
      log.accept("%s: %.1f s to the next round".formatted(fault, time.toMillis() / 1e3));
    }
    records.writeUpTo(scenario.records());
    running.watch().awaitEnd();
    running.job().leave();
  }

  /** The job between two rescales. */
  private record Part(RunningJob job, RemoteFlink cluster, JobWatch watch) {}

  private Part start(Parallelism size, @Nullable String restore) throws Exception {
    ClassLoader loader = Chaos.class.getClassLoader();
    RemoteFlink remote = RemoteFlink.connect(cluster.address(), loader);
    JobSpec spec = spec(size, "disturbed");
    RunningJob job = ChaosJob.start(scenario, spec, remote, restore, loader);
    return new Part(job, remote, new JobWatch(job, new FlinkRest(cluster.address())));
  }

  /** Lets it happen, and returns when a round was applied on records that came after. */
  private Part strike(Fault fault, Part running) throws Exception {
    Instant now = Instant.now();
    int more = Math.min(records.written() + scenario.recordsPerFault(), scenario.records());
    switch (fault) {
      case TASK_MANAGER -> {
        List<String> busy = List.copyOf(running.watch().taskManagers());
        kill(busy.get(random.nextInt(busy.size())));
        records.writeUpTo(more);
        running.watch().awaitRoundAfterRestore(now);
      }
      case JOB_MANAGER -> {
        kill("job-manager");
        records.writeUpTo(more);
        running.watch().awaitRoundAfterRestore(now);
      }
      case BROKER -> {
        broker.killAndRestart();
        records.awaitLeaders();
        records.writeUpTo(more);
        running.watch().awaitRound();
      }
      case RESCALE -> {
        String savepoint = running.cluster().savepoint(running.job().client(), null, true);
        running.job().leave();
        records.writeUpTo(more);
        Part next = start(parallelism.removeFirst(), savepoint);
        next.watch().awaitRoundAfterRestore(now);
        return next;
      }
      case LINK, DISK -> throw new IllegalArgumentException(fault + " has a run of its own");
    }
    return running;
  }

  private void kill(String name) throws IOException {
    RecordedProcess victim =
        cluster.processes().stream()
            .filter(process -> process.name().equals(name))
            .findFirst()
            .orElseThrow();
    victim.find().ifPresent(ProcessHandle::destroyForcibly);
  }

  private JobSpec spec(Parallelism size, String run) throws InvalidSpecException {
    return ChaosJob.spec(scenario, size, broker, directory, run, 1);
  }
}
