package io.tapestream.stories;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.jobs.RunningJob;
import io.tapestream.jobs.Submission;
import io.tapestream.jobs.cluster.ClassPath;
import io.tapestream.jobs.cluster.ClusterShape;
import io.tapestream.jobs.cluster.LocalCluster;
import io.tapestream.jobs.cluster.RecordedProcess;
import io.tapestream.jobs.cluster.RemoteFlink;
import io.tapestream.jobs.embedded.FreePorts;
import io.tapestream.jobs.spec.JobSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Who starts again what dies is killed itself. */
class KeeperStoryTest {
  private static final int RECORDS = 240;

  @RegisterExtension static final Broker BROKER = new Broker();

  @TempDir Path directory;
  private final ClusterShape shape = new ClusterShape(1, 1, FreePorts.next(), true, Map.of());

  @AfterEach
  void reap() throws Exception {
    LocalCluster.at(directory).down();
  }

  @Test
  void a_cluster_whose_keeper_was_killed_is_ended_whole_and_its_job_goes_on_when_it_is_up_again_I1()
      throws Exception {
    Topic topic = BROKER.topic(2);
    topic.writeAvro(0, RECORDS / 2, i -> Topic.oneHot(i, RECORDS));
    Story story =
        Story.of(topic, directory)
            .counting(RECORDS)
            .with("batchSize", 4)
            .with("source.stop", "offset " + RECORDS / 2);
    LocalCluster cluster = LocalCluster.up(directory, shape);
    try (RunningJob job = start(cluster, story)) {
      Story.until("half is published", () -> story.learned() == RECORDS / 2);
      List<RecordedProcess> started = cluster.processes();
      RecordedProcess keeper = named("keeper", started);

      keeper.find().orElseThrow().destroyForcibly();
      Story.until("the keeper is dead", () -> !keeper.isRunning());
      assertThatThrownBy(() -> LocalCluster.up(directory, shape))
          .hasMessageContaining("job-manager is process")
          .hasMessageContaining("tapestream cluster down");

      assertThat(cluster.down())
          .extracting(RecordedProcess::name)
          .containsExactlyInAnyOrder("job-manager", "task-manager-1");
      assertThat(started).noneMatch(RecordedProcess::isRunning);
      assertThat(cluster.processes()).isEmpty();

      LocalCluster.up(directory, shape);
      topic.writeAvro(RECORDS / 2, RECORDS, i -> Topic.oneHot(i, RECORDS));
      Story.await(job);
    }
    assertThat(story.newestWeights()).hasSize(RECORDS).containsOnly(1f);
  }

  private RunningJob start(LocalCluster cluster, Story story) throws Exception {
    ClassLoader loader = getClass().getClassLoader();
    JobSpec spec = story.spec();
    return RunningJob.start(
        RemoteFlink.connect(cluster.address(), loader),
        spec,
        Submission.of(spec, loader),
        List.of(ClassPath.jarOf(CountingModel.class)),
        null,
        loader);
  }

  private static RecordedProcess named(String name, List<RecordedProcess> processes) {
    return processes.stream().filter(each -> each.name().equals(name)).findFirst().orElseThrow();
  }
}
