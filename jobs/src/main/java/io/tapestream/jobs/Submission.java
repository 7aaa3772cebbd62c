package io.tapestream.jobs;

import com.fasterxml.jackson.databind.JsonNode;
import io.tapestream.jobs.spec.JobSpec;
import io.tapestream.losses.Loss;
import io.tapestream.metrics.Metric;
import io.tapestream.models.Model;
import io.tapestream.models.ParameterVector;
import io.tapestream.operators.InputSettings;
import io.tapestream.operators.KafkaSettings;
import io.tapestream.operators.ModelSettings;
import io.tapestream.operators.OffsetPolicy;
import io.tapestream.operators.PublishSettings;
import io.tapestream.operators.RecordFormat;
import io.tapestream.operators.ServerSettings;
import io.tapestream.operators.SourceSettings;
import io.tapestream.operators.TrainingSettings;
import io.tapestream.operators.VirtualWorkers;
import io.tapestream.optimizers.Granule;
import io.tapestream.optimizers.Optimizer;
import io.tapestream.parameterserver.BlockLayout;
import io.tapestream.parameterserver.consistency.Synchronous;
import io.tapestream.specs.Specified;
import io.tapestream.specs.Specs;
import io.tapestream.tensor.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.common.TopicPartition;

/**
 * A job specification made ready to run: its classes are loaded, its model is built, the broker has
 * been asked for the topic's partitions, and the topics the job writes to exist. What the operators
 * need travels in {@link #settings()}.
 *
 * @param settings what the operators take
 * @param model built for the job's input, with its initial weights
 * @param metrics in the order in which the job reports them
 */
public record Submission(TrainingSettings settings, Model model, List<Metric> metrics) {

  /**
   * Resolves a specification (R3: the table of virtual workers is resolved here, once).
   *
   * @param loader finds the user's classes
   * @throws SubmissionException if a class, a setting or a topic is not as the specification says;
   *     the message names the key and the fix
   */
  public static Submission of(JobSpec spec, ClassLoader loader) throws SubmissionException {
    Model model = make("model", spec.model(), Model.class, loader);
    Loss loss = make("loss", spec.loss(), Loss.class, loader);
    Optimizer optimizer = make("optimizer", spec.optimizer(), Optimizer.class, loader);
    List<Metric> metrics = new ArrayList<>();
    for (JsonNode metric : spec.metrics()) {
      metrics.add(forLoss(make("metrics", metric, Metric.class, loader), loss));
    }
    Shape shape = Shape.of(spec.input().shape().stream().mapToInt(Integer::intValue).toArray());
    try {
      model.build(shape, spec.seed());
    } catch (IllegalArgumentException e) {
      throw new SubmissionException(
          "input.shape: the model does not take examples of shape "
              + spec.input().shape()
              + ": "
              + e.getMessage(),
          e);
    }
    KafkaSettings kafka = new KafkaSettings(spec.source().bootstrap(), spec.source().properties());
    VirtualWorkers workers;
    try (Topics topics = new Topics(kafka)) {
      workers = topics.virtualWorkers(spec.source().topic());
      topics.createIfMissing(spec.deadLetters(), 1);
      if (spec.publish().announcements() != null) {
        topics.createIfMissing(spec.publish().announcements(), 1);
      }
    }
    TrainingSettings settings =
        new TrainingSettings(
            new ModelSettings(
                spec.publish().name(),
                Specs.toJson(model).toString(),
                Specs.toJson(loss).toString(),
                Specs.toJson(optimizer).toString(),
                metrics.stream().map(metric -> Specs.toJson(metric).toString()).toList(),
                spec.seed(),
                spec.pieceRows(),
                spec.parallelism().threads()),
            new InputSettings(
                RecordFormat.valueOf(spec.source().format().toUpperCase(Locale.ROOT)),
                spec.input().features(),
                spec.input().shape(),
                spec.input().labels()),
            new SourceSettings(
                kafka,
                workers,
                spec.batchSize(),
                policy(spec.source().start(), workers),
                policy(spec.source().stop(), workers),
                spec.source().group()),
            new ServerSettings(
                new Synchronous(), // the only name that a specification may give
                layout(model, optimizer, spec.parallelism().blockFloats())),
            new PublishSettings(
                Path.of(spec.publish().directory()).toAbsolutePath().normalize().toString(),
                UUID.randomUUID().toString(),
                spec.publish().everyRounds(),
                spec.input().classes(),
                spec.publish().announcements()),
            spec.deadLetters());
    return new Submission(settings, model, List.copyOf(metrics));
  }

  /** For people: {@code 4 partitions × 32 = 128 examples a round}. */
  public String effectiveBatch() {
    int partitions = settings.source().virtualWorkers().size();
    return partitions
        + (partitions == 1 ? " partition × " : " partitions × ")
        + settings.source().batchSize()
        + " = "
        + settings.effectiveBatch()
        + " examples a round";
  }

  /** An optimizer that needs whole tensors gets blocks that end where tensors end (R14). */
  private static BlockLayout layout(Model model, Optimizer optimizer, int blockFloats) {
    ParameterVector parameters = model.parameters();
    if (optimizer.granule() == Granule.ELEMENT) {
      return BlockLayout.ofElements(parameters.trainedSize(), parameters.size(), blockFloats);
    }
    int[] ends =
        parameters.entries().stream()
            .mapToInt(entry -> entry.offset() + entry.shape().size())
            .toArray();
    return BlockLayout.ofTensors(ends, parameters.trainedSize());
  }

  private static OffsetPolicy policy(JobSpec.Position position, VirtualWorkers workers) {
    if (position instanceof JobSpec.Position.Earliest) {
      return new OffsetPolicy.Earliest();
    }
    if (position instanceof JobSpec.Position.Latest) {
      return new OffsetPolicy.Latest();
    }
    if (position instanceof JobSpec.Position.At at) {
      return new OffsetPolicy.Timestamp(at.time().toEpochMilli());
    }
    if (position instanceof JobSpec.Position.Offset offset) {
      Map<TopicPartition, Long> offsets = new HashMap<>();
      workers.partitions().forEach(partition -> offsets.put(partition, offset.offset()));
      return new OffsetPolicy.Explicit(offsets);
    }
    return new OffsetPolicy.Unbounded();
  }

  private static Metric forLoss(Metric metric, Loss loss) throws SubmissionException {
    try {
      return metric.forLoss(loss);
    } catch (IllegalArgumentException e) {
      throw new SubmissionException("metrics: " + e.getMessage(), e);
    }
  }

  private static <T extends Specified> T make(
      String key, JsonNode spec, Class<T> kind, ClassLoader loader) throws SubmissionException {
    try {
      return Specs.read(spec, kind, loader);
    } catch (IllegalArgumentException e) {
      throw new SubmissionException(key + ": " + e.getMessage(), e);
    }
  }
}
