package io.tapestream.serving.follow;

import java.time.Duration;
import java.util.Objects;

/**
 * How a model is followed.
 *
 * @param pollInterval time between two looks at the directory
 * @param replicas copies of the model in memory, which is how many requests are answered at the
 *     same time
 * @param classLoader where the model's own classes are found
 */
public record FollowSettings(Duration pollInterval, int replicas, ClassLoader classLoader) {

  /** Looks twice a second; one replica per processor, at most four. */
  public static FollowSettings defaults() {
    return new FollowSettings(
        Duration.ofMillis(500),
        Math.min(4, Runtime.getRuntime().availableProcessors()),
        contextClassLoader());
  }

  /** Checks the numbers. */
  public FollowSettings {
    if (pollInterval.isNegative() || pollInterval.isZero()) {
      throw new IllegalArgumentException(
          "pollInterval is " + pollInterval + ": give a positive time");
    }
    if (replicas < 1) {
      throw new IllegalArgumentException("replicas is " + replicas + ": give at least 1");
    }
    Objects.requireNonNull(classLoader, "classLoader");
  }

  /** The same with another time between two looks. */
  public FollowSettings withPollInterval(Duration interval) {
    return new FollowSettings(interval, replicas, classLoader);
  }

  /** The same with another number of replicas. */
  public FollowSettings withReplicas(int count) {
    return new FollowSettings(pollInterval, count, classLoader);
  }

  /** The same with another class loader. */
  public FollowSettings withClassLoader(ClassLoader loader) {
    return new FollowSettings(pollInterval, replicas, loader);
  }

  private static ClassLoader contextClassLoader() {
    ClassLoader context = Thread.currentThread().getContextClassLoader();
    return context != null ? context : FollowSettings.class.getClassLoader();
  }
}
