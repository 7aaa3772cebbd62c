package io.tapestream.benchmarks.chaos;

import io.tapestream.benchmarks.chaos.Scenario.Parallelism;
import io.tapestream.jobs.RunningJob;
import io.tapestream.jobs.cluster.ClusterShape;
import io.tapestream.jobs.cluster.FlinkRest;
import io.tapestream.jobs.cluster.LocalCluster;
import io.tapestream.jobs.cluster.RecordedProcess;
import io.tapestream.jobs.cluster.RemoteFlink;
import io.tapestream.jobs.spec.JobSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.flink.configuration.CoreOptions;

/**
 * Submits a job, lets it learn and cancels it, again and again on one task manager, which must be
 * as it was before: a job leaves no class loader, no thread and no native memory behind.
 */
public final class Cycles {
  private static final int RECORDS = 4_000;

  /** The heap's pages are all resident from the start, so that only other memory can grow. */
  private static final Map<String, String> WHOLE_HEAP_RESIDENT =
      Map.of(CoreOptions.FLINK_DEFAULT_TM_JVM_OPTIONS.key(), "-XX:+AlwaysPreTouch");

  private Cycles() {}

  /**
   * Runs so many cycles.
   *
   * @param workload what the job learns
   * @param directory for everything that is written; new
   * @param log is told each footprint
   * @return the task manager's footprint after each cycle
   */
  public static List<Footprint> run(
      int cycles, Workload workload, Path directory, Consumer<String> log) throws Exception {
    Scenario scenario =
        new Scenario(
            workload,
            "synchronous",
            "hashmap",
            RECORDS,
            0,
            0,
            0,
            List.of(new Parallelism(2, 2)),
            1);
    List<Footprint> footprints = new ArrayList<>();
    try (BrokerProcess broker = BrokerProcess.start(directory.resolve("broker"));
        Records records = Records.create(scenario, broker.bootstrapServers())) {
      records.writeUpTo(RECORDS);
      LocalCluster cluster =
          LocalCluster.up(
              directory.resolve("cluster"),
              ClusterShape.of(1, scenario.slots()).with(WHOLE_HEAP_RESIDENT));
      try {
        RecordedProcess taskManager =
            cluster.processes().stream()
                .filter(process -> process.name().startsWith("task-manager"))
                .findFirst()
                .orElseThrow();
        for (int i = 0; i < cycles; i++) {
          cycle(scenario, broker, cluster, taskManager, directory.resolve("cycle-" + i));
          footprints.add(Footprint.of(taskManager.pid()));
          log.accept("cycle %d: %s".formatted(i + 1, footprints.get(i)));
        }
      } finally {
        cluster.down();
      }
    }
    return footprints;
  }

  private static void cycle(
      Scenario scenario,
      BrokerProcess broker,
      LocalCluster cluster,
      RecordedProcess taskManager,
      Path directory)
      throws Exception {
    ClassLoader loader = Cycles.class.getClassLoader();
    // Records that never come keep the job running until it is cancelled.
    JobSpec spec =
        ChaosJob.spec(scenario, scenario.parallelism().get(0), broker, directory, "cycle", 2);
    try (RunningJob job =
        ChaosJob.start(
            scenario, spec, RemoteFlink.connect(cluster.address(), loader), null, loader)) {
      new JobWatch(job, new FlinkRest(cluster.address())).awaitRecords(RECORDS);
      if (Footprint.jobThreads(taskManager.pid()).isEmpty()) {
        throw new IllegalStateException("a job runs, but none of its threads is told from others");
      }
    }
  }
}
