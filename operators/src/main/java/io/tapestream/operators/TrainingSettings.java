package io.tapestream.operators;

import io.tapestream.files.Lineage;
import io.tapestream.files.RecordedSchedule;
import java.io.Serializable;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Everything a training job's operators need to know, resolved at submission and shipped with the
 * job graph. Each operator takes the part it needs.
 *
 * @param model what is trained
 * @param input how a record becomes an example
 * @param source where records come from and how they are cut into mini-batches
 * @param server how contributions become weights
 * @param gradients what becomes of a batch's gradient before it counts
 * @param publish where versions go
 * @param deadLetterTopic the topic for records that can't be learned from, on the source's cluster;
 *     null only where the caller connects another sink for them
 */
public record TrainingSettings(
    ModelSettings model,
    InputSettings input,
    SourceSettings source,
    ServerSettings server,
    GradientSettings gradients,
    PublishSettings publish,
    @Nullable String deadLetterTopic)
    implements Serializable {

  public TrainingSettings {
    Objects.requireNonNull(model, "model");
    Objects.requireNonNull(input, "input");
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(server, "server");
    Objects.requireNonNull(gradients, "gradients");
    Objects.requireNonNull(publish, "publish");
  }

  /** Settings of a job that takes gradients as they are. */
  public TrainingSettings(
      ModelSettings model,
      InputSettings input,
      SourceSettings source,
      ServerSettings server,
      PublishSettings publish,
      @Nullable String deadLetterTopic) {
    this(model, input, source, server, GradientSettings.DEFAULT, publish, deadLetterTopic);
  }

  /** The same, but the source's decisions are those of an earlier run first. */
  public TrainingSettings replaying(RecordedSchedule schedule) {
    return new TrainingSettings(
        model, input, source.replaying(schedule), server, gradients, publish, deadLetterTopic);
  }

  /**
   * The same for a submission that starts afresh from a version.
   *
   * @param run identity of the submission
   * @param start whose weights it starts from; null for initial ones
   * @param starting where it reads on
   * @param lineage what came before
   */
  public TrainingSettings resumed(
      String run, @Nullable StartVersion start, OffsetPolicy starting, Lineage lineage) {
    return new TrainingSettings(
        model.startedFrom(start),
        input,
        source.startingAt(starting),
        server,
        gradients,
        publish.resumed(run, lineage),
        deadLetterTopic);
  }

  /** Raw examples in one round of all virtual workers: partitions × batch size. */
  public long effectiveBatch() {
    return (long) source.virtualWorkers().size() * source.batchSize();
  }
}
