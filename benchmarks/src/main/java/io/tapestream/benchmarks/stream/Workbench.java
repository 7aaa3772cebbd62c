package io.tapestream.benchmarks.stream;

import io.tapestream.jobs.cluster.ClusterException;
import io.tapestream.jobs.embedded.EmbeddedKafka;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A broker, clusters that use it, and a directory, all gone when the benchmark ends. */
final class Workbench implements AutoCloseable {
  private final Path directory;
  private final EmbeddedKafka kafka;
  private final OneProcess oneProcess;
  private @Nullable SeparateProcesses separateProcesses; // since they were asked for

  private Workbench(Path directory, EmbeddedKafka kafka, OneProcess oneProcess) {
    this.directory = directory;
    this.kafka = kafka;
    this.oneProcess = oneProcess;
  }

  static Workbench open() throws IOException {
    Path directory = Files.createTempDirectory("tapestream-benchmark-");
    EmbeddedKafka kafka = EmbeddedKafka.start();
    try {
      return new Workbench(directory, kafka, new OneProcess());
    } catch (RuntimeException e) {
      kafka.close();
      throw e;
    }
  }

  EmbeddedKafka kafka() {
    return kafka;
  }

  /** The broker's process with a cluster in it. */
  OneProcess oneProcess() {
    return oneProcess;
  }

  /** The broker's process, and a cluster of others with two task managers. */
  SeparateProcesses separateProcesses() throws ClusterException, IOException, InterruptedException {
    SeparateProcesses started = separateProcesses;
    if (started == null) {
      started = SeparateProcesses.start(directory("cluster"), 2);
      separateProcesses = started;
    }
    return started;
  }

  /** A directory of that name, which no one else has. */
  Path directory(String name) {
    return directory.resolve(name);
  }

  /** Submits training jobs, whose versions and checkpoints go to a directory of that name. */
  TrainingJobs jobs(Arrangement arrangement, String name) {
    return new TrainingJobs(arrangement.flink(), directory(name));
  }

  @Override
  public void close() throws IOException {
    SeparateProcesses started = separateProcesses;
    try (kafka;
        oneProcess;
        started) {
      // Closed in this order: the clusters, then the broker.
    } finally {
      remove(directory);
    }
  }

  private static void remove(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
