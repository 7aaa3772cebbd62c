package io.tapestream.stories;

import io.tapestream.jobs.RunningJob;
import io.tapestream.jobs.Submission;
import io.tapestream.jobs.cluster.ClusterShape;
import io.tapestream.jobs.cluster.LocalCluster;
import io.tapestream.jobs.cluster.RecordedProcess;
import io.tapestream.jobs.cluster.RemoteFlink;
import io.tapestream.jobs.spec.JobSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A story's cluster of separate processes, as {@code tapestream cluster up} starts it. */
final class ProcessCluster implements AutoCloseable {
  private final LocalCluster cluster;

  private ProcessCluster(LocalCluster cluster) {
    this.cluster = cluster;
  }

  static ProcessCluster start(Path directory, ClusterShape shape) throws Exception {
    return new ProcessCluster(LocalCluster.up(directory, shape));
  }

  /** Submits the story's job as {@code tapestream train --target} does. */
  RunningJob start(Story story, @Nullable String restore) throws Exception {
    JobSpec spec = story.spec();
    ClassLoader loader = getClass().getClassLoader();
    return RunningJob.start(
        RemoteFlink.connect(cluster.address(), loader),
        spec,
        Submission.of(spec, loader),
        List.of(),
        restore,
        loader);
  }

  /** Kills a process as the operating system does when it is out of memory. */
  void kill(String name) throws Exception {
    RecordedProcess victim =
        cluster.processes().stream().filter(p -> p.name().equals(name)).findFirst().orElseThrow();
    victim.find().orElseThrow().destroyForcibly();
    Story.until("it has ended", () -> !victim.isRunning());
  }

  LocalCluster cluster() {
    return cluster;
  }

  /** What the processes have printed last, for a failed story's message. */
  String logs() throws Exception {
    StringBuilder logs = new StringBuilder();
    for (RecordedProcess process : cluster.processes()) {
      logs.append("== ").append(process.name()).append('\n').append(cluster.tail(process));
    }
    return logs.toString();
  }

  @Override
  public void close() throws IOException {
    try {
      cluster.down();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
