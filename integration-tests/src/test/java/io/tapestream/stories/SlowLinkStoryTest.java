package io.tapestream.stories;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.jobs.RunningJob;
import io.tapestream.jobs.Submission;
import io.tapestream.jobs.cluster.ClassPath;
import io.tapestream.jobs.cluster.ClusterShape;
import io.tapestream.jobs.cluster.LocalCluster;
import io.tapestream.jobs.cluster.RemoteFlink;
import io.tapestream.jobs.embedded.FreePorts;
import io.tapestream.jobs.spec.JobSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.flink.configuration.NettyShuffleEnvironmentOptions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What travels between two task managers, gradients and weights, goes over a link of 1 Mbit/s and
 * 200 ms that is cut for a while ({@code -Dtapestream.cut.seconds}, 3 unless said). The server
 * refuses a gradient that is too stale, which would show as a restart.
 */
class SlowLinkStoryTest {
  private static final int PARTITIONS = 4;
  private static final Duration CUT =
      Duration.ofSeconds(Integer.getInteger("tapestream.cut.seconds", 3));

  @TempDir static Path cluster;
  @TempDir Path directory;

  private static final List<SlowLink> links = new ArrayList<>();
  @RegisterExtension static final Broker BROKER = new Broker();
  private static LocalCluster flink;

  @BeforeAll
  static void startClusterBehindLinks() throws Exception {
    flink = LocalCluster.up(cluster, ClusterShape.of(0, 1));
    for (int i = 0; i < 2; i++) {
      int port = FreePorts.next();
      SlowLink link = SlowLink.to(port);
      links.add(link);
      flink.startTaskManager(
          Map.of(
              NettyShuffleEnvironmentOptions.DATA_PORT.key(), String.valueOf(link.port()),
              NettyShuffleEnvironmentOptions.DATA_BIND_PORT.key(), String.valueOf(port)));
    }
    flink.awaitTaskManagers(2);
  }

  @AfterAll
  static void stopAll() throws Exception {
    if (flink != null) {
      flink.down();
    }
    for (SlowLink link : links) {
      link.close();
    }
  }

  @ParameterizedTest
  @CsvSource({"synchronous, 240", "bounded(2), 240", "asynchronous, 960"}) // which waits for nobody
  void training_goes_on_after_a_slow_link_was_cut_and_each_record_counts_once_I1_I3(
      String consistency, int records) throws Exception {
    Topic topic = BROKER.topic(PARTITIONS);
    topic.writeAvro(0, records, i -> Topic.oneHot(i, records));
    Story story =
        Story.of(topic, directory)
            .counting(records)
            .with("consistency", consistency)
            .with("batchSize", 4)
            .with("parallelism.trainers", 2)
            .with("parallelism.blockFloats", 64)
            .with("checkpoints.interval", "2 s")
            .with("restart.attempts", 0);
    JobSpec spec = story.spec();
    ClassLoader loader = getClass().getClassLoader();
    links.forEach(SlowLink::mend);
    links.forEach(link -> link.slowTo(1_000_000, Duration.ofMillis(200)));
    try (RunningJob job =
        RunningJob.start(
            RemoteFlink.connect(flink.address(), loader),
            spec,
            Submission.of(spec, loader),
            List.of(ClassPath.jarOf(CountingModel.class)),
            null,
            loader)) {
      Story.until("a quarter was learned", () -> job.progress().records() >= records / 4);

      links.forEach(SlowLink::cut);
      long passed = passed();
      assertThat(new CountDownLatch(1).await(CUT.toMillis(), TimeUnit.MILLISECONDS)).isFalse();
      assertThat(passed()).as("nothing comes through a link that is cut").isEqualTo(passed);
      assertThat(job.progress().records()).isLessThan(records);
      links.forEach(SlowLink::mend);

      Story.await(job);
    }
    assertThat(story.newestWeights()).hasSize(records).containsOnly(1f);
  }

  private static long passed() {
    return links.stream().mapToLong(SlowLink::passed).sum();
  }
}
