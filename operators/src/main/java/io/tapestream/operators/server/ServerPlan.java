package io.tapestream.operators.server;

import io.tapestream.operators.TrainingSettings;
import io.tapestream.parameterserver.BlockLayout;
import io.tapestream.parameterserver.consistency.Consistency;
import java.io.Serializable;
import java.util.List;
import org.apache.kafka.common.TopicPartition;

/**
 * What the shards of one job's parameter server agree on.
 *
 * @param model gives optimizer, loss and initial values
 * @param consistency how far virtual workers may run apart
 * @param layout how the parameters are cut into blocks; fixed for the job's life
 * @param virtualWorkers the names of the virtual workers, by index, sorted
 * @param publishEveryRounds a checkpoint publishes if a multiple of this many rounds has been
 *     passed since the round published last
 * @param metrics names of the metrics, in the order of the contributions' headers
 * @param maxParallelism of the server; fixed for the job's life
 * @param stopAfter training stops after this many skipped batches in a row
 * @param clipsRounds whether a round waits until trainers have worked out the norm of its gradient
 * @param run the submission; another one that restores lets a stopped block go on
 */
public record ServerPlan(
    ServedModel model,
    Consistency consistency,
    BlockLayout layout,
    List<String> virtualWorkers,
    long publishEveryRounds,
    List<String> metrics,
    int maxParallelism,
    long stopAfter,
    boolean clipsRounds,
    String run)
    implements Serializable {

  public ServerPlan {
    virtualWorkers = List.copyOf(virtualWorkers);
    metrics = List.copyOf(metrics);
  }

  /** A plan under which training never stops, and no round is clipped. */
  public ServerPlan(
      ServedModel model,
      Consistency consistency,
      BlockLayout layout,
      List<String> virtualWorkers,
      long publishEveryRounds,
      List<String> metrics,
      int maxParallelism) {
    this(
        model,
        consistency,
        layout,
        virtualWorkers,
        publishEveryRounds,
        metrics,
        maxParallelism,
        Long.MAX_VALUE,
        false,
        "");
  }

  /** The plan of a job. */
  public static ServerPlan of(TrainingSettings settings, List<String> metrics, int maxParallelism) {
    return new ServerPlan(
        new SpecifiedModel(settings.model(), settings.input()),
        settings.server().consistency(),
        settings.server().layout(),
        settings.source().virtualWorkers().partitions().stream()
            .map(TopicPartition::toString)
            .toList(),
        settings.publish().everyRounds(),
        metrics,
        maxParallelism,
        settings.gradients().stopAfter(),
        settings.gradients().roundClipping().isPresent(),
        settings.publish().runId());
  }

  /** The keys that the server's input is partitioned by. */
  public BlockKeys keys() {
    return BlockKeys.of(layout.count(), maxParallelism);
  }
}
