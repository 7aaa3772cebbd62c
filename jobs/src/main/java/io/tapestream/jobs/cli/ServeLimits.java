package io.tapestream.jobs.cli;

import io.tapestream.serving.follow.Batching;
import io.tapestream.serving.follow.FollowSettings;
import io.tapestream.serving.server.HttpSettings;
import io.tapestream.serving.server.HttpSettings.Farewell;
import io.tapestream.serving.server.Limits;
import java.time.Duration;
import picocli.CommandLine.Option;

/** Options of {@code serve}: what clients may ask, how long things may take, and batches. */
final class ServeLimits {
  @Option(
      names = "--max-body",
      paramLabel = "MIB",
      description = "Largest body of a request, in MiB (413). Default: ${DEFAULT-VALUE}.")
  private int bodyMebibytes = (int) (Limits.defaults().bodyBytes() >> 20);

  @Option(
      names = "--max-rows",
      paramLabel = "N",
      description = "Most examples of a request (413). Default: ${DEFAULT-VALUE}.")
  private int rows = Limits.defaults().rows();

  @Option(
      names = "--max-requests",
      paramLabel = "N",
      description = "Most requests at a time (429). Default: ${DEFAULT-VALUE}.")
  private int requests = Limits.defaults().requests();

  @Option(
      names = "--idle",
      paramLabel = "SECONDS",
      description = "Longest silence on a connection (408). Default: ${DEFAULT-VALUE}.")
  private double idle = seconds(Limits.defaults().idle());

  @Option(
      names = "--deadline",
      paramLabel = "SECONDS",
      description = "Longest wait of a request for its turn (503). Default: ${DEFAULT-VALUE}.")
  private double patience = seconds(FollowSettings.defaults().patience());

  @Option(
      names = "--threads",
      paramLabel = "N",
      description =
          "Requests to a version that are computed at a time. Default: one for each processor.")
  private int threads = FollowSettings.defaults().threads();

  @Option(
      names = "--batch",
      paramLabel = "ROWS",
      description =
          "Compute requests that wait together, up to so many examples. Default: each by itself.")
  private int batch;

  @Option(
      names = "--batch-delay",
      paramLabel = "MS",
      description =
          "With --batch: longest wait of a request for others, in milliseconds. Default:"
              + " ${DEFAULT-VALUE}, so only while all threads are busy.")
  private double batchDelay;

  @Option(
      names = "--notice",
      paramLabel = "SECONDS",
      description =
          "At the end, answer so long while /readyz says 503, so that requests are sent elsewhere."
              + " Default: ${DEFAULT-VALUE}.")
  private double notice = seconds(Farewell.defaults().notice());

  @Option(
      names = "--farewell",
      paramLabel = "SECONDS",
      description = "Then wait so long for requests under way. Default: ${DEFAULT-VALUE}.")
  private double farewell = seconds(Farewell.defaults().patience());

  HttpSettings applyTo(HttpSettings settings) {
    return settings
        .withLimits(
            Limits.defaults()
                .withBodyBytes((long) bodyMebibytes << 20)
                .withRows(rows)
                .withRequests(requests)
                .withIdle(duration(idle)))
        .withFarewell(new Farewell(duration(notice), duration(farewell)));
  }

  FollowSettings applyTo(FollowSettings settings) {
    FollowSettings with = settings.withThreads(threads).withPatience(duration(patience));
    return batch == 0
        ? with
        : with.withBatching(Batching.of(batch).withMaxDelay(duration(batchDelay / 1000)));
  }

  private static double seconds(Duration time) {
    return time.toMillis() / 1000.0;
  }

  private static Duration duration(double seconds) {
    return Duration.ofNanos(Math.round(seconds * 1e9));
  }
}
