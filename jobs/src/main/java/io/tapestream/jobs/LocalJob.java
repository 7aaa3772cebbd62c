package io.tapestream.jobs;

import io.tapestream.jobs.embedded.EmbeddedFlink;
import io.tapestream.jobs.spec.JobSpec;
import java.nio.file.Path;
import java.util.List;
import org.apache.flink.core.execution.JobClient;
import org.jspecify.annotations.Nullable;

/** A training job on a Flink cluster of its own in this process. */
public final class LocalJob extends RunningJob {
  private final EmbeddedFlink flink;

  private LocalJob(JobSpec spec, List<String> metricNames, EmbeddedFlink flink, JobClient client) {
    super(spec, metricNames, flink, client);
    this.flink = flink;
  }

  /**
   * Starts a cluster and the job on it.
   *
   * @param jars with the user's classes
   * @param taskManagers of the cluster; each has as many slots as the job needs of it
   * @param restore a retained checkpoint or a savepoint to go on from; null starts afresh
   * @param loader finds the user's classes here, as the cluster will find them in the jars
   */
  public static LocalJob start(
      JobSpec spec,
      Submission submission,
      List<Path> jars,
      int taskManagers,
      @Nullable String restore,
      ClassLoader loader) {
    int subtasks = spec.parallelism().slots();
    EmbeddedFlink flink =
        EmbeddedFlink.start(taskManagers, (subtasks + taskManagers - 1) / taskManagers);
    try {
      JobClient client = submit(flink, spec, submission, jars, restore, loader);
      return new LocalJob(spec, names(submission), flink, client);
    } catch (RuntimeException e) {
      flink.close();
      throw e;
    }
  }

  /** The cluster that it runs on. */
  public EmbeddedFlink flink() {
    return flink;
  }
}
