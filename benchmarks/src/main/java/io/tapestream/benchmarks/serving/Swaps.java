package io.tapestream.benchmarks.serving;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tapestream.benchmarks.Pace;
import io.tapestream.benchmarks.Report;
import io.tapestream.serving.follow.FollowSettings;
import io.tapestream.serving.follow.ModelFollower;
import io.tapestream.serving.server.HttpSettings;
import io.tapestream.serving.server.ModelServer;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * New versions while requests come at a fixed rate, in stretches with and without swaps, one after
 * the other.
 */
final class Swaps {
  private static final String NAME = "telling";
  private static final int RATE = 500;
  private static final int CONNECTIONS = 16;
  private static final Duration BETWEEN = Duration.ofMillis(200);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path directory;
  private final int stretches;
  private final int swapsOfOne;
  private final TellingModel model = new TellingModel();
  private long version;

  Swaps(Path directory, Pace pace) {
    this.directory = directory;
    this.stretches = pace == Pace.FULL ? 4 : 1;
    this.swapsOfOne = pace == Pace.FULL ? 50 : 20;
  }

  void measure(Report report) throws Exception {
    publishNext();
    FollowSettings follow =
        FollowSettings.defaults().withThreads(1).withPollInterval(Duration.ofMillis(50));
    try (ModelFollower follower = ModelFollower.start(directory, NAME, follow);
        ModelServer server = ModelServer.start(List.of(follower), HttpSettings.loopback(0))) {
      awaitServed(follower);
      OpenLoop load =
          new OpenLoop(
              URI.create(server.url()),
              "/v1/models/" + NAME + ":predict",
              zeros(),
              RATE,
              CONNECTIONS);
      Duration stretch = BETWEEN.multipliedBy(swapsOfOne);
      load.run(stretch, Swaps::isWhole, new OpenLoop.Outcome()); // until it is compiled
      OpenLoop.Outcome steady = new OpenLoop.Outcome();
      OpenLoop.Outcome swapping = new OpenLoop.Outcome();
      for (int i = 0; i < stretches; i++) {
        load.run(stretch, Swaps::isWhole, steady);
        whileSwapping(follower, () -> load.run(stretch, Swaps::isWhole, swapping));
      }
      row(report, "steady", 0, steady);
      row(report, "during swaps", version - 1, swapping)
          .with("p99 over steady", swapping.latencies.millis(0.99) / steady.latencies.millis(0.99));
    }
  }

  private interface Load {
    void run() throws Exception;
  }

  /** Publishes at a fixed pace for as long as the load lasts, and waits until each is served. */
  private void whileSwapping(ModelFollower follower, Load load) throws Exception {
    ExecutorService publisher = Executors.newSingleThreadExecutor();
    try {
      Future<?> publishing =
          publisher.submit(
              () -> {
                long next = System.nanoTime();
                for (int i = 0; i < swapsOfOne; i++) {
                  publishNext();
                  awaitServed(follower);
                  next += BETWEEN.toNanos();
                  LockSupport.parkNanos(Math.max(0, next - System.nanoTime()));
                }
                return null;
              });
      load.run();
      publishing.get(1, TimeUnit.MINUTES);
    } finally {
      publisher.shutdownNow();
    }
  }

  private void publishNext() throws IOException {
    version++;
    if (version > TellingModel.MOST_VERSIONS) {
      throw new IllegalStateException("an answer can't tell version " + version);
    }
    new Publisher(directory, NAME, model.of(version)).publish(version);
  }

  private void awaitServed(ModelFollower follower) throws InterruptedException {
    if (follower.awaitVersion(version, Duration.ofSeconds(30)).isEmpty()) {
      throw new IllegalStateException(follower.whyNotServing());
    }
  }

  /** Two examples of zeros. */
  private static byte[] zeros() {
    String one = "[" + "0.0,".repeat(TellingModel.INPUTS - 1) + "0.0]";
    return ("{\"instances\":[" + one + "," + one + "]}").getBytes(StandardCharsets.US_ASCII);
  }

  /** Whether all numbers of an answer are of one version, the one that its header names. */
  private static boolean isWhole(HttpConnection.Answer answer) {
    String named = answer.headers().get(ModelServer.VERSION_HEADER.toLowerCase(Locale.ROOT));
    try {
      boolean whole = named != null;
      for (JsonNode row : JSON.readTree(answer.body()).path("predictions")) {
        for (JsonNode number : row) {
          whole &= String.valueOf(TellingModel.versionOf(number.doubleValue())).equals(named);
        }
      }
      return whole;
    } catch (IOException e) {
      return false;
    }
  }

  private static Report.Row row(Report report, String what, long swaps, OpenLoop.Outcome outcome) {
    if (outcome.firstFailure != null) {
      System.err.println(what + ": the first failure was " + outcome.firstFailure);
    }
    return report
        .row("what", what)
        .with("requests", (double) outcome.requests.get())
        .with("swaps", (double) swaps)
        .with("failed", (double) outcome.failed.get())
        .with("mixed", (double) outcome.mixed.get())
        .with("p50 ms", outcome.latencies.millis(0.5))
        .with("p99 ms", outcome.latencies.millis(0.99));
  }
}
