package io.tapestream.operators;

import io.tapestream.files.RecordedSchedule;
import java.io.Serializable;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Where training records come from and how they are cut.
 *
 * @param kafka the cluster
 * @param virtualWorkers the partitions that are read, one virtual worker each
 * @param batchSize raw examples in a mini-batch of one partition
 * @param starting where a fresh job starts; a restored one goes on from its state
 * @param stopping where a partition ends; {@link OffsetPolicy.Unbounded} for a live stream
 * @param consumerGroup the group under which learned offsets are committed to Kafka, for monitoring
 *     only; null commits none
 * @param policies for a topic that does not keep pace with training
 */
public record SourceSettings(
    KafkaSettings kafka,
    VirtualWorkers virtualWorkers,
    int batchSize,
    OffsetPolicy starting,
    OffsetPolicy stopping,
    @Nullable String consumerGroup,
    SourcePolicies policies)
    implements Serializable {

  public SourceSettings {
    Objects.requireNonNull(kafka, "kafka");
    Objects.requireNonNull(virtualWorkers, "virtualWorkers");
    Objects.requireNonNull(stopping, "stopping");
    Objects.requireNonNull(policies, "policies");
    if (batchSize < 1) {
      throw new IllegalArgumentException("batchSize is " + batchSize + ": give at least 1");
    }
    if (starting instanceof OffsetPolicy.Unbounded) {
      throw new IllegalArgumentException("a source can't start at " + starting);
    }
  }

  /** Settings with the policies' defaults. */
  public SourceSettings(
      KafkaSettings kafka,
      VirtualWorkers virtualWorkers,
      int batchSize,
      OffsetPolicy starting,
      OffsetPolicy stopping,
      @Nullable String consumerGroup) {
    this(
        kafka,
        virtualWorkers,
        batchSize,
        starting,
        stopping,
        consumerGroup,
        SourcePolicies.DEFAULT);
  }

  /** How often added partitions are looked for; null for never, as where the source has an end. */
  public @Nullable Duration discovery() {
    return stopping instanceof OffsetPolicy.Unbounded ? policies.discovery() : null;
  }

  /** The same, but a fresh job starts elsewhere: with other records, so it replays nothing. */
  SourceSettings startingAt(OffsetPolicy newStarting) {
    return new SourceSettings(
        kafka,
        virtualWorkers,
        batchSize,
        newStarting,
        stopping,
        consumerGroup,
        newStarting.equals(starting) ? policies : policies.replaying(null));
  }

  /** The same, but its decisions are those of an earlier run first. */
  SourceSettings replaying(RecordedSchedule schedule) {
    return new SourceSettings(
        kafka,
        virtualWorkers,
        batchSize,
        starting,
        stopping,
        consumerGroup,
        policies.replaying(schedule));
  }
}
