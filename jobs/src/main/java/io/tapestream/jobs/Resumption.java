package io.tapestream.jobs;

import io.tapestream.files.Lineage;
import io.tapestream.files.Lineage.Abandoned;
import io.tapestream.files.Manifest;
import io.tapestream.files.VersionDirectory;
import io.tapestream.operators.OffsetPolicy;
import io.tapestream.operators.SourceSettings;
import io.tapestream.operators.StartVersion;
import io.tapestream.operators.TrainingSettings;
import io.tapestream.operators.server.TrainingStoppedException;
import io.tapestream.operators.source.KafkaTopics;
import io.tapestream.operators.storage.Storage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.apache.kafka.common.TopicPartition;

/**
 * How training goes on after it has stopped because batch after batch was skipped:
 *
 * <pre>
 * weights     of the newest version that is known to be good: a batch trained on them, or on later
 *             ones, has counted. The optimizer starts anew; rounds and records count on
 * offsets     after the last record that was taken, so nothing is read twice
 * abandoned   the records in between, in the manifests of all versions that follow
 * </pre>
 *
 * <p>Flink restarts only from its latest checkpoint, so this is a submission of its own.
 *
 * @param version whose weights it starts from
 * @param abandoned records whose learning is given up
 * @param submission to be started afresh
 */
public record Resumption(Manifest version, List<Abandoned> abandoned, Submission submission) {

  /**
   * What training starts from.
   *
   * @param learned offsets that the weights have learned up to, by topic and partition, as far as
   *     the stopped run has brought them there
   */
  private record Basis(
      Manifest version,
      StartVersion start,
      Lineage lineage,
      Map<String, Map<Integer, Long>> learned) {}

  /**
   * What follows a job's failure.
   *
   * @param stopped what was submitted; if it was restored, {@link Submission#restored}
   * @param versions where it published
   * @return empty if it has failed for another reason, or no version is known to be good
   * @throws IOException if a version or an offset can't be read
   * @throws SubmissionException if it is unknown where a partition would go on
   */
  public static Optional<Resumption> after(
      JobFailedException failure, Submission stopped, VersionDirectory versions)
      throws IOException, SubmissionException {
    TrainingStoppedException stop = Reasons.find(failure, TrainingStoppedException.class);
    if (stop == null) {
      return Optional.empty();
    }
    Optional<Basis> basis = lastGood(stop, stopped, versions);
    return basis.isEmpty() ? Optional.empty() : Optional.of(of(basis.get(), stop, stopped));
  }

  /** The newest version of this run that is proven, or else the version that the run began with. */
  private static Optional<Basis> lastGood(
      TrainingStoppedException stop, Submission stopped, VersionDirectory versions)
      throws IOException {
    String run = stopped.settings().publish().runId();
    List<Long> numbers = versions.complete();
    for (int i = numbers.size() - 1; i >= 0; i--) {
      Manifest version = versions.manifest(numbers.get(i));
      if (version.run().equals(run) && version.round() <= stop.provenRound()) {
        Path directory = versions.path(version.version()).toAbsolutePath().normalize();
        return Optional.of(
            new Basis(
                version,
                new StartVersion(directory.toString(), version.round(), version.records()),
                Lineage.after(version),
                version.topics()));
      }
    }
    StartVersion start = stopped.settings().model().start();
    return start == null
        ? Optional.empty()
        : Optional.of(
            new Basis(
                Manifest.read(Storage.path(start.directory())),
                start,
                stopped.settings().publish().lineage(),
                Map.of()));
  }

  private static Resumption of(Basis basis, TrainingStoppedException stop, Submission stopped)
      throws IOException, SubmissionException {
    SourceSettings source = stopped.settings().source();
    List<TopicPartition> partitions = source.virtualWorkers().partitions();
    Map<TopicPartition, Long> from = learned(basis, partitions);
    List<TopicPartition> unlearned =
        partitions.stream().filter(partition -> !from.containsKey(partition)).toList();
    if (!unlearned.isEmpty()) {
      began(source, unlearned).forEach(from::putIfAbsent);
    }
    Map<TopicPartition, Long> offsets = new HashMap<>();
    List<Abandoned> abandoned = new ArrayList<>();
    for (int vw = 0; vw < partitions.size(); vw++) {
      TopicPartition partition = partitions.get(vw);
      long first = from.getOrDefault(partition, 0L);
      long next = Math.max(first, stop.received()[vw]);
      offsets.put(partition, next);
      if (next > first) {
        abandoned.add(new Abandoned(partition.topic(), partition.partition(), first, next));
      }
    }
    TrainingSettings resumed =
        stopped
            .settings()
            .resumed(
                UUID.randomUUID().toString(),
                basis.start(),
                new OffsetPolicy.Explicit(offsets),
                basis.lineage().andAbandoned(abandoned));
    return new Resumption(
        basis.version(),
        List.copyOf(abandoned),
        new Submission(resumed, stopped.model(), stopped.metrics()));
  }

  private static Map<TopicPartition, Long> learned(Basis basis, List<TopicPartition> partitions) {
    Map<TopicPartition, Long> learned = new HashMap<>();
    for (TopicPartition partition : partitions) {
      Long offset =
          basis.learned().getOrDefault(partition.topic(), Map.of()).get(partition.partition());
      if (offset != null) {
        learned.put(partition, offset);
      }
    }
    return learned;
  }

  /** Where partitions of the stopped job began. */
  private static Map<TopicPartition, Long> began(
      SourceSettings source, List<TopicPartition> partitions)
      throws IOException, SubmissionException {
    if (source.starting() instanceof OffsetPolicy.Explicit explicit) {
      return explicit.offsets();
    }
    if (source.starting() instanceof OffsetPolicy.Latest) {
      throw new SubmissionException(
          "training can't go on from a version by itself: source.start is latest, and nothing of "
              + partitions.get(0)
              + " is in the version, so it is unknown where that began; go on from the newest"
              + " checkpoint");
    }
    try (KafkaTopics topics = KafkaTopics.of(source.kafka())) {
      return topics.starting(source.starting(), partitions);
    }
  }

  /** For people: where it goes on and what it passes over. */
  @Override
  public String toString() {
    return "Going on from version %d (round %d); abandoned: %s."
        .formatted(
            version.version(),
            version.round(),
            abandoned.isEmpty()
                ? "nothing"
                : abandoned.stream().map(Abandoned::toString).collect(Collectors.joining(", ")));
  }
}
