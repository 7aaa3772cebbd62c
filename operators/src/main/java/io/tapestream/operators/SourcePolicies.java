package io.tapestream.operators;

import io.tapestream.files.Course;
import io.tapestream.files.RecordedSchedule;
import java.io.Serializable;
import java.time.Duration;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * What the source does where the topic changes, or does not keep pace with training.
 *
 * @param discovery how often added partitions are looked for in a topic that is read without end;
 *     null never looks
 * @param skipAfter after how long without a complete mini-batch a partition that the others wait
 *     for skips rounds; null waits for ever
 * @param linger after how long a mini-batch that is not full leaves as it is; null keeps it until
 *     it is full
 * @param replay the decisions of an earlier run, which are taken again as far as they go; null
 *     leaves all to the two times
 * @param acceptLost whether a restored job goes on without records that the topic no longer holds
 * @param acceptRecreated whether a restored job takes a topic of another id for the one it has
 *     learned from, offsets and all: a copy on another cluster, say
 */
public record SourcePolicies(
    @Nullable Duration discovery,
    @Nullable Duration skipAfter,
    @Nullable Duration linger,
    @Nullable RecordedSchedule replay,
    boolean acceptLost,
    boolean acceptRecreated)
    implements Serializable {

  /** The partitions at the start, each waited for until its mini-batch is full. */
  public static final SourcePolicies DEFAULT =
      new SourcePolicies(null, null, null, null, false, false);

  public SourcePolicies {
    requirePositive(discovery, "discovery");
    requirePositive(skipAfter, "skipAfter");
    requirePositive(linger, "linger");
  }

  /** The same, but the decisions of an earlier run come first; of none for null. */
  public SourcePolicies replaying(@Nullable RecordedSchedule schedule) {
    return new SourcePolicies(discovery, skipAfter, linger, schedule, acceptLost, acceptRecreated);
  }

  /** Whether a virtual worker may ever let a round pass. */
  public boolean skips() {
    return skipAfter != null || replay != null;
  }

  /** What is recorded for a partition; null leaves all to the clock. */
  public @Nullable Course recorded(TopicPartition partition) {
    return replay == null ? null : replay.course(partition.topic(), partition.partition());
  }

  private static void requirePositive(@Nullable Duration time, String name) {
    if (time != null && (time.isNegative() || time.isZero())) {
      throw new IllegalArgumentException(name + " is " + time + ": give more than 0, or null");
    }
  }
}
