package io.tapestream.jobs;

import io.tapestream.files.Lineage;
import io.tapestream.files.RecordedSchedule;
import io.tapestream.files.TensorSignature;
import io.tapestream.files.VersionDirectory;
import io.tapestream.jobs.spec.InvalidSpecException;
import io.tapestream.jobs.spec.JobSpec;
import io.tapestream.metrics.Metric;
import io.tapestream.models.Model;
import io.tapestream.models.ParameterVector;
import io.tapestream.operators.GradientSettings;
import io.tapestream.operators.InputSettings;
import io.tapestream.operators.KafkaSettings;
import io.tapestream.operators.ModelSettings;
import io.tapestream.operators.OffsetPolicy;
import io.tapestream.operators.PublishSettings;
import io.tapestream.operators.RecordFormat;
import io.tapestream.operators.ServerSettings;
import io.tapestream.operators.SourcePolicies;
import io.tapestream.operators.SourceSettings;
import io.tapestream.operators.StartVersion;
import io.tapestream.operators.TrainingSettings;
import io.tapestream.operators.VersionSettings;
import io.tapestream.operators.VirtualWorkers;
import io.tapestream.operators.storage.Storage;
import io.tapestream.optimizers.Granule;
import io.tapestream.optimizers.Optimizer;
import io.tapestream.parameterserver.BlockLayout;
import io.tapestream.parameterserver.consistency.Consistency;
import io.tapestream.specs.Specs;
import io.tapestream.tensor.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * A job specification made ready to run: its classes are loaded, its model is built, the broker has
 * been asked for the topic's partitions, and the topics the job writes to exist. What the operators
 * need travels in {@link #settings()}.
 *
 * @param settings what the operators take
 * @param model built for the job's input, with the weights that a fresh job starts from
 * @param metrics in the order in which the job reports them
 */
public record Submission(TrainingSettings settings, Model model, List<Metric> metrics) {

  /**
   * Resolves a specification (R3: the table of virtual workers is resolved here, once).
   *
   * @param loader finds the user's classes
   * @throws InvalidSpecException if a class, a setting or a topic is not as the specification says,
   *     listing every mistake with its line, its key and the fix
   * @throws SubmissionException if the broker can't be asked
   */
  public static Submission of(JobSpec spec, ClassLoader loader)
      throws InvalidSpecException, SubmissionException {
    Parts parts = Parts.of(spec, loader);
    KafkaSettings kafka = new KafkaSettings(spec.source().bootstrap(), spec.source().properties());
    VirtualWorkers workers;
    try (Topics topics = new Topics(kafka)) {
      Optional<VirtualWorkers> found = topics.virtualWorkers(spec.source().topic());
      workers = found.orElseThrow(() -> noTopic(spec));
      topics.createForDeadLettersOf(spec.source().topic(), spec.deadLetters());
      if (spec.publish().announcements() != null) {
        topics.createIfMissing(spec.publish().announcements(), 1);
      }
    }
    TrainingSettings settings =
        new TrainingSettings(
            model(spec, parts),
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
                spec.source().group(),
                policies(spec.source().policies())),
            new ServerSettings(
                spec.consistency(),
                layout(parts.model(), parts.optimizer(), spec.parallelism().blockFloats())),
            new GradientSettings(
                spec.guard().maxGradientNorm(),
                spec.guard().stopAfter(),
                spec.clipping(),
                spec.compression(),
                spec.roundClipping()),
            new PublishSettings(
                Storage.absolute(spec.publish().directory()),
                UUID.randomUUID().toString(),
                spec.publish().everyRounds(),
                spec.input().classes(),
                spec.publish().announcements(),
                parts.start() == null ? Lineage.NONE : Lineage.after(parts.start()),
                spec.publish().onnx(),
                new VersionSettings(
                    spec.publish().weightFileMib() * 1024L * 1024L,
                    outputs(parts.model()),
                    spec.digest(),
                    signingKey(spec))),
            spec.deadLetters());
    return new Submission(settings, parts.model(), parts.metrics());
  }

  private static @Nullable String signingKey(JobSpec spec) {
    String key = spec.publish().signingKey();
    return key == null ? null : Path.of(key).toAbsolutePath().normalize().toString();
  }

  /** By the names that goals, servers and ONNX files know them by. */
  static List<TensorSignature> outputs(Model model) {
    List<String> names = model.outputNames();
    List<Shape> shapes = model.outputShapes();
    List<TensorSignature> outputs = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      List<Integer> dims = Arrays.stream(shapes.get(i).dims()).boxed().toList();
      outputs.add(TensorSignature.of(names.get(i), dims));
    }
    return outputs;
  }

  /**
   * The same, but decisions that depend on the time are those that a version was trained with, as
   * far as its record goes.
   *
   * @param version the version's directory
   * @throws SubmissionException if the version has no such record, or tells of partitions that this
   *     job does not read
   * @throws IOException if the version can't be read
   */
  public Submission replaying(Path version) throws IOException, SubmissionException {
    RecordedSchedule schedule =
        RecordedSchedule.read(version)
            .orElseThrow(
                () ->
                    new SubmissionException(
                        version
                            + " has no "
                            + RecordedSchedule.FILE
                            + ": its records alone decided, so a run on them repeats it without"
                            + " --replay"));
    VirtualWorkers workers = settings.source().virtualWorkers();
    for (var topic : schedule.topics().entrySet()) {
      for (var course : topic.getValue().entrySet()) {
        int partition = course.getKey();
        if (!course.getValue().lost().isEmpty()) {
          throw new SubmissionException(
              "%s was trained without records that partition %d of topic %s had lost: such a run can't be repeated"
                  .formatted(version, partition, topic.getKey()));
        }
        if (course.getValue().told() < course.getValue().batches()) {
          throw new SubmissionException(
              "%s depends on more decisions of the time than are kept, those after batch %d of partition %d of topic %s: such a run can't be repeated; an earlier version may be"
                  .formatted(version, course.getValue().told(), partition, topic.getKey()));
        }
        if (workers.indexOf(new TopicPartition(topic.getKey(), partition)) < 0) {
          throw new SubmissionException(
              "%s was trained on partition %d of topic %s, which this job does not read"
                  .formatted(version, partition, topic.getKey()));
        }
      }
    }
    return new Submission(settings.replaying(schedule), model, metrics);
  }

  /**
   * The same, to go on from a checkpoint: what it publishes has the lineage of the newest version.
   *
   * @throws IOException if that version can't be read
   */
  public Submission restored() throws IOException {
    VersionDirectory versions =
        new VersionDirectory(Storage.path(settings.publish().directory()), settings.model().name());
    OptionalLong newest = versions.newest();
    Lineage lineage =
        newest.isEmpty() ? Lineage.NONE : versions.manifest(newest.getAsLong()).lineage();
    String run = settings.publish().runId();
    return new Submission(
        settings.resumed(run, null, settings.source().starting(), lineage), model, metrics);
  }

  private static ModelSettings model(JobSpec spec, Parts parts) {
    ModelSettings model =
        new ModelSettings(
            spec.publish().name(),
            Specs.toJson(parts.model()).toString(),
            Specs.toJson(parts.loss()).toString(),
            Specs.toJson(parts.optimizer()).toString(),
            parts.metrics().stream().map(metric -> Specs.toJson(metric).toString()).toList(),
            spec.seed(),
            spec.pieceRows(),
            spec.parallelism().threads());
    return spec.start() == null
        ? model
        : model.startedFrom(new StartVersion(Storage.absolute(spec.start()), 0, 0));
  }

  private static InvalidSpecException noTopic(JobSpec spec) {
    String topic = spec.source().topic();
    return spec.lines()
        .mistakes(
            List.of(
                spec.lines()
                    .problem(
                        "source.topic",
                        "there is no topic \"" + topic + "\" at " + spec.source().bootstrap(),
                        "Create it, or fill it with: tapestream feed --topic " + topic)));
  }

  /**
   * For people: {@code 4 partitions × 32 = 128 examples a round}; and, where batches count one by
   * one, {@code , 4 steps of 32 (bounded(4))}.
   */
  public String effectiveBatch() {
    int partitions = settings.source().virtualWorkers().size();
    Consistency consistency = settings.server().consistency();
    return partitions
        + (partitions == 1 ? " partition × " : " partitions × ")
        + settings.source().batchSize()
        + " = "
        + settings.effectiveBatch()
        + " examples a round"
        + (consistency.sumsRounds()
            ? ""
            : ", %d steps of %d (%s)"
                .formatted(partitions, settings.source().batchSize(), consistency));
  }

  /** An optimizer that needs whole tensors gets a block for each, sent in chunks (R14). */
  private static BlockLayout layout(Model model, Optimizer optimizer, int blockFloats) {
    ParameterVector parameters = model.parameters();
    if (optimizer.granule() == Granule.ELEMENT) {
      return BlockLayout.ofElements(parameters.trainedSize(), parameters.size(), blockFloats);
    }
    int[] ends =
        parameters.entries().stream()
            .mapToInt(entry -> entry.offset() + entry.shape().size())
            .toArray();
    return BlockLayout.ofTensors(ends, parameters.trainedSize(), blockFloats);
  }

  private static SourcePolicies policies(JobSpec.Policies policies) {
    return new SourcePolicies(
        policies.discovery().orElse(null),
        policies.skipAfter().orElse(null),
        policies.linger().orElse(null),
        null,
        policies.acceptLost(),
        policies.acceptRecreated());
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
}
