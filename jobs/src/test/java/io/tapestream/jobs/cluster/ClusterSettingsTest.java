package io.tapestream.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.HighAvailabilityOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClusterSettingsTest {
  @TempDir private Path root;

  private Configuration settings(ClusterShape shape) throws Exception {
    ClusterDirectory directory = new ClusterDirectory(root);
    ClusterSettings.write(directory, shape);
    return ClusterSettings.read(directory);
  }

  @Test
  void theShippedSettingsReachEveryProcess() throws Exception {
    Configuration settings = settings(ClusterShape.of(2, 3));
    assertThat(settings.get(CoreOptions.FLINK_JVM_OPTIONS))
        .contains("--add-opens=java.base/java.nio=ALL-UNNAMED")
        .contains("--add-modules=jdk.incubator.vector")
        .contains("-Dpekko.remote.classic.startup-timeout=60s");
    assertThat(settings.get(TaskManagerOptions.MEMORY_SEGMENT_SIZE))
        .isEqualTo(MemorySize.parse("256kb"));
    assertThat(settings.get(TaskManagerOptions.NUM_TASK_SLOTS)).isEqualTo(3);
    assertThat(settings.get(CoreOptions.ALWAYS_PARENT_FIRST_LOADER_PATTERNS_ADDITIONAL))
        .contains("org.nd4j.", "org.bytedeco.");
    assertThat(settings.getString("metrics.reporter.prometheus.factory.class", ""))
        .satisfies(Class::forName);
  }

  @Test
  void memoryOfAProcessFollowsFromItsSettings() throws Exception {
    Configuration settings = settings(ClusterShape.of(1, 1));
    assertThat(Part.TASK_MANAGER.memory(settings))
        .contains("-Xmx" + (768L << 20), "-Dorg.bytedeco.javacpp.maxBytes=512m");
    assertThat(Part.TASK_MANAGER.arguments(settings))
        .containsSubsequence("-D", "taskmanager.cpu.cores=1.0");
    assertThat(Part.JOB_MANAGER.memory(settings)).contains("-Xmx" + (512L << 20));
  }

  @Test
  void aSettingOfOnesOwnWins() throws Exception {
    ClusterShape shape =
        ClusterShape.of(1, 1).with(Map.of(TaskManagerOptions.TASK_HEAP_MEMORY.key(), "1g"));
    assertThat(settings(shape).get(TaskManagerOptions.TASK_HEAP_MEMORY))
        .isEqualTo(MemorySize.parse("1g"));
  }

  @Test
  void aPortIsTakenAsGivenOrFree() throws Exception {
    assertThat(settings(new ClusterShape(1, 1, 9999, false, Map.of())).get(RestOptions.PORT))
        .isEqualTo(9999);
    assertThat(settings(ClusterShape.of(1, 1)).get(RestOptions.PORT)).isGreaterThan(1024);
  }

  @Test
  void highAvailabilityNamesWhereAJobManagerGoesOnFrom() throws Exception {
    Configuration settings = settings(ClusterShape.of(1, 1).withHighAvailability());
    assertThat(settings.get(HighAvailabilityOptions.HA_MODE)).isEqualTo("zookeeper");
    assertThat(Path.of(java.net.URI.create(settings.get(HighAvailabilityOptions.HA_STORAGE_PATH))))
        .isDirectory();
  }

  @Test
  void theClassPathIsParted() throws Exception {
    List<Path> cluster = ClassPath.ofTheCluster();
    assertThat(names(cluster)).anyMatch(name -> name.contains("nd4j-api")).isNotEmpty();
    assertThat(names(cluster)).anyMatch(name -> name.contains("flink-runtime"));
    assertThat(cluster).noneMatch(entry -> has(entry, "io/tapestream/operators"));
    List<Path> job = ClassPath.ofTheJob();
    assertThat(names(job)).anyMatch(name -> name.contains("kafka-clients"));
    assertThat(names(job)).noneMatch(name -> name.contains("nd4j") || name.contains("javacpp"));
    long bytes = 0;
    for (Path jar : job) {
      bytes += Files.size(jar);
    }
    assertThat(bytes).as("what each submission sends").isLessThan(40L << 20);
  }

  private static List<String> names(List<Path> entries) {
    return entries.stream().map(Path::toString).toList();
  }

  private static boolean has(Path entry, String packages) {
    return Files.exists(entry.resolve(packages));
  }
}
