package io.tapestream.operators;

import java.io.Serializable;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What the source does where the topic does not keep pace with training.
 *
 * @param skipAfter after how long without a complete mini-batch a partition that the others wait
 *     for skips rounds; null waits for ever
 * @param linger after how long a mini-batch that is not full leaves as it is; null keeps it until
 *     it is full
 */
public record SourcePolicies(@Nullable Duration skipAfter, @Nullable Duration linger)
    implements Serializable {

  /** Every partition is waited for, until its mini-batch is full. */
  public static final SourcePolicies DEFAULT = new SourcePolicies(null, null);

  public SourcePolicies {
    requirePositive(skipAfter, "skipAfter");
    requirePositive(linger, "linger");
  }

  private static void requirePositive(@Nullable Duration time, String name) {
    if (time != null && (time.isNegative() || time.isZero())) {
      throw new IllegalArgumentException(name + " is " + time + ": give more than 0, or null");
    }
  }
}
