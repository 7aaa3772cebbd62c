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
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
  private static final int TASK_MANAGERS = 2;

  /** Of a trainer's newest batches, as Prometheus reads it. */
  private static final Pattern STALENESS =
      Pattern.compile("flink_\\w+_operator_staleness\\{.*quantile=\"0.999\".*\\} (\\S+)");

  private static final Duration CUT =
      Duration.ofSeconds(Integer.getInteger("tapestream.cut.seconds", 3));

  @TempDir static Path cluster;
  @TempDir Path directory;

  private static final List<SlowLink> links = new ArrayList<>();
  private static final List<Integer> reporters = new ArrayList<>(); // their ports
  @RegisterExtension static final Broker BROKER = new Broker();
  private static LocalCluster flink;

  @BeforeAll
  static void startClusterBehindLinks() throws Exception {
    flink = LocalCluster.up(cluster, ClusterShape.of(0, 1));
    for (int i = 0; i < TASK_MANAGERS; i++) {
      int port = FreePorts.next();
      reporters.add(FreePorts.next());
      SlowLink link = SlowLink.to(port);
      links.add(link);
      flink.startTaskManager(
          Map.of(
              NettyShuffleEnvironmentOptions.DATA_PORT.key(),
              String.valueOf(link.port()),
              NettyShuffleEnvironmentOptions.DATA_BIND_PORT.key(),
              String.valueOf(port),
              "metrics.reporter.prometheus.port",
              String.valueOf(reporters.get(i))));
    }
    flink.awaitTaskManagers(TASK_MANAGERS);
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
  @CsvSource({"synchronous, 240, 0, 0", "bounded(2), 240, 1, 2", "asynchronous, 960, 3, 60"})
  void training_goes_on_after_a_slow_link_was_cut_and_each_record_counts_once_I1_I3(
      String consistency, int records, double stale, double bound) throws Exception {
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
      assertThat(staleness())
          .as("of each trainer")
          .hasSize(2)
          .allSatisfy(rounds -> assertThat(rounds).isBetween(stale, bound));
      links.forEach(SlowLink::mend);

      Story.await(job);
    }
    assertThat(story.newestWeights()).hasSize(records).containsOnly(1f);
  }

  /** The greatest, in rounds, of each trainer, as the task managers report it to Prometheus. */
  private static List<Double> staleness() throws Exception {
    List<Double> greatest = new ArrayList<>();
    HttpClient http = HttpClient.newHttpClient();
    for (int port : reporters) {
      URI metrics = URI.create("http://127.0.0.1:" + port + "/metrics");
      HttpRequest request = HttpRequest.newBuilder(metrics).build();
      String told = http.send(request, HttpResponse.BodyHandlers.ofString()).body();
      Matcher staleness = STALENESS.matcher(told);
      while (staleness.find()) {
        greatest.add(Double.valueOf(staleness.group(1)));
      }
    }
    return greatest;
  }

  private static long passed() {
    return links.stream().mapToLong(SlowLink::passed).sum();
  }
}
