package io.tapestream.benchmarks.chaos;

import io.tapestream.benchmarks.chaos.Outcome.Recovery;
import io.tapestream.benchmarks.chaos.Scenario.Parallelism;
import io.tapestream.files.VersionDirectory;
import io.tapestream.jobs.LocalJob;
import io.tapestream.jobs.Submission;
import io.tapestream.jobs.spec.InvalidSpecException;
import io.tapestream.jobs.spec.JobSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Learning while the disk of checkpoints and versions is of no use for a while, on a cluster in
 * this process.
 *
 * <pre>
 * half of the records are learned and published
 * the trouble begins    more records are learned; nothing restarts, nothing partial is published
 * the trouble ends      the next version comes
 * the job ends; each record has counted once
 * </pre>
 */
public enum DiskTrouble {
  /** Nothing more can be written. */
  FULL {
    @Override
    public void begin(SmallDisk disk) throws IOException {
      disk.fill();
    }

    @Override
    public void end(SmallDisk disk) throws IOException {
      disk.free();
    }
  },

  /** Nothing can be written or deleted. */
  READ_ONLY {
    @Override
    public void begin(SmallDisk disk) throws IOException {
      disk.turnReadOnly();
    }

    @Override
    public void end(SmallDisk disk) throws IOException {
      disk.turnWritable();
    }
  };

  private static final int BATCH = 4;

  /** Half of them, and three quarters, are whole batches of each partition. */
  private static final int RECORDS = 80 * BATCH * Scenario.PARTITIONS;

  /** Of the disk: room for ten versions, the checkpoints and those of an undisturbed run. */
  public static final int MEGABYTES = 16;

  private static final Duration PATIENCE = Duration.ofMinutes(3);

  /** As a row of a table names it. */
  String title() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-') + " disk";
  }

  /** Makes the disk useless; once more also where something was deleted since. */
  public abstract void begin(SmallDisk disk) throws IOException;

  /** Takes back {@link #begin}. */
  public abstract void end(SmallDisk disk) throws IOException;

  /** One of the rows' runs, synchronous. */
  public static Scenario scenario(Workload workload, String backend) {
    List<Parallelism> size = List.of(new Parallelism(1, 2));
    return new Scenario(workload, "synchronous", backend, RECORDS, 0, 0, 0, size, 1);
  }

  /** One run with a broker and a disk of its own; empty where this process may not mount one. */
  Optional<Outcome> once(Scenario scenario, Path directory, Consumer<String> log) throws Exception {
    Optional<SmallDisk> mounted = SmallDisk.mount(directory.resolve("disk"), MEGABYTES);
    if (mounted.isEmpty()) {
      return Optional.empty();
    }
    try (SmallDisk disk = mounted.get();
        BrokerProcess broker = BrokerProcess.start(directory.resolve("broker"))) {
      return Optional.of(run(scenario, disk, broker.bootstrapServers(), log));
    }
  }

  /**
   * Runs a job to its end.
   *
   * @param disk for its checkpoints and versions; of {@link #MEGABYTES}, empty
   * @param bootstrap of a broker that this scenario has not been run on with this trouble
   * @param log is told each step
   * @return whether each record counted once and each version was whole, and the time from the end
   *     of the trouble to the next version
   * @throws Exception if something else goes wrong, such as a job that fails
   */
  public Outcome run(Scenario scenario, SmallDisk disk, String bootstrap, Consumer<String> log)
      throws Exception {
    Instant start = Instant.now();
    JobSpec spec = spec(scenario, bootstrap, disk.root(), "versions");
    ClassLoader loader = DiskTrouble.class.getClassLoader();
    int meanwhile = RECORDS * 3 / 4;
    try (Records records = Records.create(scenario, bootstrap, topic(scenario));
        LocalJob job = started(spec, records, loader)) {
      VersionDirectory versions = job.versions();
      until(job, "a version of the first half", () -> learned(versions) == RECORDS / 2);
      begin(disk); // no version waits to be put in place
      records.writeUpTo(meanwhile);
      until(job, "records in trouble", () -> job.progress().records() >= meanwhile);
      log.accept("%d records are learned on a %s".formatted(meanwhile, title()));
      Optional<String> problem = inTrouble(job, meanwhile);
      end(disk);
      Instant mended = Instant.now();
      records.writeUpTo(RECORDS);
      until(job, "a version after the trouble", () -> learned(versions) >= meanwhile);
      Duration away = Duration.between(mended, Instant.now());
      log.accept("mended: %.1f s to the next version".formatted(away.toMillis() / 1e3));
      if (!job.await(PATIENCE)) {
        throw new IllegalStateException("the job has not ended after " + PATIENCE);
      }
      problem = problem.or(() -> unsound(versions));
      return new Outcome(
          List.of(new Recovery(Fault.DISK, away)),
          problem.isPresent()
              ? problem
              : LastVersion.problem(
                  scenario, versions, spec(scenario, bootstrap, disk.root(), "undisturbed")),
          Duration.between(start, Instant.now()));
    }
  }

  /** Records that the newest version has learned from. */
  private static long learned(VersionDirectory versions) throws IOException {
    OptionalLong newest = versions.newest();
    return newest.isEmpty() ? 0 : versions.manifest(newest.getAsLong()).records();
  }

  private static LocalJob started(JobSpec spec, Records records, ClassLoader loader)
      throws Exception {
    records.writeUpTo(RECORDS / 2);
    return LocalJob.start(spec, Submission.of(spec, loader), List.of(), 1, null, loader);
  }

  /** What is not as it should be while nothing can be written. */
  private static Optional<String> inTrouble(LocalJob job, int learned) throws Exception {
    Optional<String> failure = job.newFailure();
    if (failure.isPresent()) {
      return failure;
    }
    VersionDirectory versions = job.versions();
    return learned(versions) < learned
        ? unsound(versions)
        : Optional.of("a version was published on a disk that takes nothing");
  }

  /** The first version that is not as its manifest says. */
  private static Optional<String> unsound(VersionDirectory versions) {
    try {
      for (long version : versions.complete()) {
        versions.manifest(version).verify(versions.path(version));
      }
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of("a version is not whole: " + e.getMessage());
    }
  }

  private static void until(LocalJob job, String what, Callable<Boolean> holds) throws Exception {
    Instant end = Instant.now().plus(PATIENCE);
    CountDownLatch never = new CountDownLatch(1);
    while (!holds.call()) {
      if (Instant.now().isAfter(end) || never.await(10, TimeUnit.MILLISECONDS)) {
        throw new IllegalStateException(
            "waited " + PATIENCE + " for " + what + "; last failure: " + job.lastFailure());
      }
    }
  }

  private String topic(Scenario scenario) {
    return String.join(
        "-", title().replace(' ', '-'), scenario.workload().title(), scenario.backend());
  }

  private JobSpec spec(Scenario scenario, String bootstrap, Path directory, String run)
      throws InvalidSpecException {
    Parallelism size = scenario.parallelism().get(0);
    String yaml =
        """
        name: %s
        source: {bootstrap: "%s", topic: %s, stop: offset %d}
        %sbatchSize: %d
        consistency: %s
        parallelism: {trainers: %d, shards: %d, blockFloats: %d}
        checkpoints: {interval: 200 ms, directory: '%s', backend: %s, tolerate: 1000}
        restart: {delay: 50 ms}
        publish: {directory: '%s'}
        """
            .formatted(
                topic(scenario),
                bootstrap,
                topic(scenario),
                RECORDS / Scenario.PARTITIONS,
                scenario.workload().model(RECORDS),
                BATCH,
                scenario.consistency(),
                size.trainers(),
                size.shards(),
                scenario.workload().blockFloats(RECORDS),
                directory.resolve("checkpoints"),
                scenario.backend(),
                directory.resolve(run));
    return JobSpec.parse(yaml, "disk.yaml");
  }
}
