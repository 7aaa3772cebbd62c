package io.tapestream.jobs.cluster;

import io.tapestream.jobs.embedded.FreePorts;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Objects;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ConfigurationUtils;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.GlobalConfiguration;
import org.apache.flink.configuration.HighAvailabilityOptions;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.configuration.WebOptions;

/** The shipped {@code config.yaml}, made into that of one local cluster. */
final class ClusterSettings {
  static final String LOOPBACK = "127.0.0.1";

  private static final String FILE = "config.yaml";

  private ClusterSettings() {}

  /** Writes the settings of a cluster to where its processes read them. */
  static Configuration write(ClusterDirectory directory, ClusterShape shape) throws IOException {
    Path file = directory.conf().resolve(FILE);
    try (InputStream shipped = ClusterSettings.class.getResourceAsStream(FILE)) {
      Files.copy(
          Objects.requireNonNull(shipped, "config.yaml is packed beside this class"),
          file,
          StandardCopyOption.REPLACE_EXISTING);
    }
    Configuration settings = read(directory);
    addLocal(settings, directory, shape);
    if (shape.highAvailability()) {
      addHighAvailability(settings, directory);
    }
    shape.settings().forEach(settings::setString);
    List<String> lines = ConfigurationUtils.convertConfigToWritableLines(settings, false);
    Files.write(file, lines);
    return settings;
  }

  /** What was written. */
  static Configuration read(ClusterDirectory directory) throws IOException {
    return GlobalConfiguration.loadConfiguration(directory.conf().toString());
  }

  private static void addLocal(
      Configuration settings, ClusterDirectory directory, ClusterShape shape) throws IOException {
    int port = shape.port() == 0 ? FreePorts.next() : shape.port();
    settings.set(JobManagerOptions.ADDRESS, LOOPBACK);
    settings.set(JobManagerOptions.PORT, FreePorts.next());
    settings.set(JobManagerOptions.BIND_HOST, LOOPBACK);
    settings.set(RestOptions.ADDRESS, LOOPBACK);
    settings.set(RestOptions.BIND_ADDRESS, LOOPBACK);
    settings.set(RestOptions.PORT, port);
    settings.set(RestOptions.BIND_PORT, String.valueOf(port));
    settings.set(TaskManagerOptions.HOST, LOOPBACK);
    settings.set(TaskManagerOptions.BIND_HOST, LOOPBACK);
    settings.set(TaskManagerOptions.NUM_TASK_SLOTS, shape.slots());
    settings.set(TaskManagerOptions.CPU_CORES, (double) shape.slots());
    settings.set(CoreOptions.TMP_DIRS, directory.temporary().toString());
    settings.set(WebOptions.TMP_DIR, directory.temporary().toString());
    settings.set(
        CheckpointingOptions.SAVEPOINT_DIRECTORY, directory.savepoints().toUri().toString());
  }

  /** A job manager that is started again finds in ZooKeeper what its predecessor was doing. */
  private static void addHighAvailability(Configuration settings, ClusterDirectory directory)
      throws IOException {
    settings.set(HighAvailabilityOptions.HA_MODE, "zookeeper");
    settings.set(HighAvailabilityOptions.HA_ZOOKEEPER_QUORUM, LOOPBACK + ":" + FreePorts.next());
    settings.set(
        HighAvailabilityOptions.HA_STORAGE_PATH, directory.highAvailability().toUri().toString());
    settings.set(HighAvailabilityOptions.ZOOKEEPER_SESSION_TIMEOUT, Keeper.SESSION_TIMEOUT);
    settings.set(HighAvailabilityOptions.ZOOKEEPER_CONNECTION_TIMEOUT, Keeper.SESSION_TIMEOUT);
    // One ZooKeeper on the same machine: a hiccup of it is no reason to stop the job.
    settings.set(HighAvailabilityOptions.ZOOKEEPER_TOLERATE_SUSPENDED_CONNECTIONS, true);
  }
}
