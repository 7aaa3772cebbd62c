package io.tapestream.jobs.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Where a local cluster keeps what it needs.
 *
 * <pre>
 * DIR/conf/config.yaml          Flink's settings, as its processes read them
 *     processes/NAME            process id and start time of what was started
 *     logs/NAME.log             what it printed
 *     savepoints/               where savepoints go unless told otherwise
 *     high-availability/        what a new job manager goes on from, if that is asked for
 *     tmp/                      Flink's working files
 * </pre>
 *
 * @param root absolute
 */
public record ClusterDirectory(Path root) {

  public ClusterDirectory {
    root = root.toAbsolutePath().normalize();
  }

  Path conf() throws IOException {
    return directory("conf");
  }

  Path logs() throws IOException {
    return directory("logs");
  }

  Path temporary() throws IOException {
    return directory("tmp");
  }

  Path savepoints() throws IOException {
    return directory("savepoints");
  }

  Path highAvailability() throws IOException {
    return directory("high-availability");
  }

  Path log(String process) throws IOException {
    return logs().resolve(process + ".log");
  }

  /** What has been started here and was not yet reaped, by name. */
  List<RecordedProcess> processes() throws IOException {
    List<RecordedProcess> recorded = new ArrayList<>();
    try (Stream<Path> files = Files.list(directory("processes"))) {
      for (Path file : files.sorted().toList()) {
        RecordedProcess.read(file).ifPresent(recorded::add);
      }
    }
    return recorded;
  }

  void record(RecordedProcess process) throws IOException {
    process.write(directory("processes"));
  }

  void forget(RecordedProcess process) throws IOException {
    Files.deleteIfExists(directory("processes").resolve(process.name()));
  }

  private Path directory(String name) throws IOException {
    return Files.createDirectories(root.resolve(name));
  }
}
