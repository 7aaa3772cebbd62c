package io.tapestream.serving.follow;

import io.tapestream.files.VersionVerifier;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;

/**
 * How a model is followed and asked.
 *
 * @param pollInterval time between two looks at the directory
 * @param threads requests that are computed at the same time, each with its own working memory;
 *     further ones wait
 * @param patience longest wait of a request for its turn
 * @param batching whether requests are computed together; each is by itself without it
 * @param classLoader where the model's own classes are found
 * @param verifier decides whether a version may be used, by its signature for example
 */
public record FollowSettings(
    Duration pollInterval,
    int threads,
    Duration patience,
    Optional<Batching> batching,
    ClassLoader classLoader,
    VersionVerifier verifier) {

  /** Looks twice a second; computes one request per processor at a time; waits half a minute. */
  public static FollowSettings defaults() {
    return new FollowSettings(
        Duration.ofMillis(500),
        Runtime.getRuntime().availableProcessors(),
        Duration.ofSeconds(30),
        Optional.empty(),
        contextClassLoader(),
        VersionVerifier.UNSIGNED);
  }

  /** Checks the numbers. */
  public FollowSettings {
    positive(pollInterval, "pollInterval");
    positive(patience, "patience");
    if (threads < 1) {
      throw new IllegalArgumentException("threads is " + threads + ": give at least 1");
    }
    Objects.requireNonNull(classLoader, "classLoader");
    Objects.requireNonNull(verifier, "verifier");
  }

  /** The same with another time between two looks. */
  public FollowSettings withPollInterval(Duration interval) {
    return new FollowSettings(interval, threads, patience, batching, classLoader, verifier);
  }

  /** The same with another number of requests at a time. */
  public FollowSettings withThreads(int count) {
    return new FollowSettings(pollInterval, count, patience, batching, classLoader, verifier);
  }

  /** The same with another longest wait. */
  public FollowSettings withPatience(Duration longest) {
    return new FollowSettings(pollInterval, threads, longest, batching, classLoader, verifier);
  }

  /** The same with requests computed together. */
  public FollowSettings withBatching(Batching together) {
    return new FollowSettings(
        pollInterval, threads, patience, Optional.of(together), classLoader, verifier);
  }

  /** The same with another class loader. */
  public FollowSettings withClassLoader(ClassLoader loader) {
    return new FollowSettings(pollInterval, threads, patience, batching, loader, verifier);
  }

  /** The same with another rule for versions that may be used. */
  public FollowSettings withVerifier(VersionVerifier rule) {
    return new FollowSettings(pollInterval, threads, patience, batching, classLoader, rule);
  }

  /** How the requests to one version take turns. */
  Turns turns(BatchCounts counts) {
    return batching.isPresent()
        ? new InBatches(batching.get(), threads, patience, counts)
        : new OneByOne(threads, patience);
  }

  private static void positive(Duration time, String what) {
    if (time.isNegative() || time.isZero()) {
      throw new IllegalArgumentException(what + " is " + time + ": give a positive time");
    }
  }

  private static ClassLoader contextClassLoader() {
    ClassLoader context = Thread.currentThread().getContextClassLoader();
    return context != null ? context : FollowSettings.class.getClassLoader();
  }
}
