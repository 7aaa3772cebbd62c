package io.tapestream.serving.follow;

import java.time.Duration;
import java.util.Objects;

/**
 * How a model is followed.
 *
 * @param pollInterval time between two looks at the directory
 * @param threads requests that are computed at the same time, each with its own working memory;
 *     further ones wait
 * @param classLoader where the model's own classes are found
 */
public record FollowSettings(Duration pollInterval, int threads, ClassLoader classLoader) {

  /** Looks twice a second; computes one request per processor at a time. */
  public static FollowSettings defaults() {
    return new FollowSettings(
        Duration.ofMillis(500), Runtime.getRuntime().availableProcessors(), contextClassLoader());
  }

  /** Checks the numbers. */
  public FollowSettings {
    if (pollInterval.isNegative() || pollInterval.isZero()) {
      throw new IllegalArgumentException(
          "pollInterval is " + pollInterval + ": give a positive time");
    }
    if (threads < 1) {
      throw new IllegalArgumentException("threads is " + threads + ": give at least 1");
    }
    Objects.requireNonNull(classLoader, "classLoader");
  }

  /** The same with another time between two looks. */
  public FollowSettings withPollInterval(Duration interval) {
    return new FollowSettings(interval, threads, classLoader);
  }

  /** The same with another number of requests at a time. */
  public FollowSettings withThreads(int count) {
    return new FollowSettings(pollInterval, count, classLoader);
  }

  /** The same with another class loader. */
  public FollowSettings withClassLoader(ClassLoader loader) {
    return new FollowSettings(pollInterval, threads, loader);
  }

  private static ClassLoader contextClassLoader() {
    ClassLoader context = Thread.currentThread().getContextClassLoader();
    return context != null ? context : FollowSettings.class.getClassLoader();
  }
}
