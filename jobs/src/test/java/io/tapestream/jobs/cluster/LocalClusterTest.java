package io.tapestream.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What needs no cluster to be seen; {@code ChaosStoryTest} starts, kills and ends real ones. */
class LocalClusterTest {
  @TempDir private Path directory;

  @Test
  void aPortThatIsTakenIsNamedAndNothingStarts() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      ClusterShape shape = new ClusterShape(1, 1, taken.getLocalPort(), false, Map.of());
      assertThatThrownBy(() -> LocalCluster.up(directory, shape))
          .isInstanceOf(ClusterException.class)
          .hasMessageContaining("port " + taken.getLocalPort() + " is taken")
          .hasMessageContaining("--port");
    }
    assertThat(LocalCluster.at(directory).processes()).isEmpty();
  }

  @Test
  void aSecondClusterOfADirectoryIsRefused() throws Exception {
    new ClusterDirectory(directory)
        .record(RecordedProcess.of("job-manager", ProcessHandle.current()));
    assertThatThrownBy(() -> LocalCluster.up(directory, ClusterShape.of(1, 1)))
        .isInstanceOf(ClusterException.class)
        .hasMessageContaining("job-manager is process " + ProcessHandle.current().pid())
        .hasMessageContaining("tapestream cluster down");
  }

  @Test
  void aStrangerWithARecordedNumberIsNotEnded() throws Exception {
    long pid = ProcessHandle.current().pid();
    new ClusterDirectory(directory)
        .record(new RecordedProcess("task-manager-1", pid, Instant.ofEpochSecond(1)));
    LocalCluster cluster = LocalCluster.at(directory);
    assertThat(cluster.down()).isEmpty();
    assertThat(cluster.processes()).isEmpty();
  }

  @Test
  void aProcessThatWasRecordedIsEndedAndForgotten() throws Exception {
    Process process = new ProcessBuilder("sleep", "60").start();
    RecordedProcess recorded = RecordedProcess.of("task-manager-1", process.toHandle());
    new ClusterDirectory(directory).record(recorded);
    LocalCluster cluster = LocalCluster.at(directory);
    assertThat(cluster.down()).containsExactly(recorded);
    assertThat(process.isAlive()).isFalse();
    assertThat(cluster.processes()).isEmpty();
  }
}
