package io.tapestream.operators.publish;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tapestream.files.Course;
import io.tapestream.files.RecordedSchedule;
import io.tapestream.files.Signature;
import io.tapestream.files.VersionDirectory;
import io.tapestream.operators.TrainingSettings;
import io.tapestream.operators.storage.Storage;
import io.tapestream.parameterserver.Header;
import java.io.Serializable;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.kafka.common.TopicPartition;

/**
 * What the publisher's operators know of the job.
 *
 * @param settings the job's settings
 * @param tensors the model's named tensors, which fill its flat parameter vector without holes
 * @param metricNames the names of the metrics in the order in which the server reports them
 * @param retention how long files are kept
 */
record PublishingPlan(
    TrainingSettings settings,
    List<PublishedTensor> tensors,
    List<String> metricNames,
    Retention retention)
    implements Serializable {

  private static final ObjectMapper JSON = new ObjectMapper();

  PublishingPlan {
    tensors = tensors.stream().sorted(Comparator.comparingInt(PublishedTensor::offset)).toList();
    metricNames = List.copyOf(metricNames);
    if (metricNames.size() != settings.model().metricJsons().size()) {
      throw new IllegalArgumentException(
          metricNames.size()
              + " metric names for "
              + settings.model().metricJsons().size()
              + " metrics");
    }
    int end = 0;
    for (PublishedTensor tensor : tensors) {
      if (tensor.offset() != end) {
        throw new IllegalArgumentException(
            "tensor \""
                + tensor.name()
                + "\" begins at "
                + tensor.offset()
                + " of the parameter vector, the one before it ends at "
                + end);
      }
      end += tensor.size();
    }
    if (end != settings.server().layout().size()) {
      throw new IllegalArgumentException(
          "the tensors end at "
              + end
              + ", the server's layout at "
              + settings.server().layout().size());
    }
  }

  String model() {
    return settings.model().name();
  }

  String run() {
    return settings.publish().runId();
  }

  VersionDirectory versions() {
    return new VersionDirectory(Storage.path(settings.publish().directory()), model());
  }

  PendingFiles pendingFiles() {
    return new PendingFiles(versions(), run());
  }

  /** Number of values in the parameter vector. */
  int size() {
    return settings.server().layout().size();
  }

  Signature signature() {
    return new Signature(
        settings.input().features(),
        settings.input().shape(),
        "float32",
        settings.publish().classes(),
        settings.publish().contents().outputs());
  }

  JsonNode loss() {
    try {
      return JSON.readTree(settings.model().lossJson());
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "the loss's specification is no JSON: " + settings.model().lossJson(), e);
    }
  }

  /** The means that a server's report holds, by name, those that are finite. */
  Map<String, Double> metrics(Header report) {
    Map<String, Double> metrics = new TreeMap<>();
    metrics.put("loss", report.loss());
    for (int i = 0; i < report.metricSums().length; i++) {
      metrics.put(metricNames.get(i), report.metric(i));
    }
    metrics.values().removeIf(value -> !Double.isFinite(value)); // nothing was learned in between
    return metrics;
  }

  /**
   * The learned offsets as a manifest lists them; a partition that none of its records was learned
   * from is left out.
   */
  Map<String, Map<Integer, Long>> offsets(Cut cut) {
    Map<String, Map<Integer, Long>> topics = new TreeMap<>();
    for (int vw = 0; vw < cut.learned().size(); vw++) {
      if (cut.learned().get(vw) >= 0) {
        TopicPartition partition = settings.source().virtualWorkers().partition(vw);
        topics
            .computeIfAbsent(partition.topic(), topic -> new TreeMap<>())
            .put(partition.partition(), cut.learned().get(vw));
      }
    }
    return topics;
  }

  /**
   * The decisions that a version depends on beside the records; empty if there were none.
   *
   * @param courses by virtual worker
   */
  Optional<RecordedSchedule> schedule(List<Course> courses) {
    int batchSize = settings.source().batchSize();
    if (courses.stream().allMatch(course -> course.isPlain(batchSize))) {
      return Optional.empty();
    }
    Map<String, Map<Integer, Course>> topics = new TreeMap<>();
    for (int vw = 0; vw < courses.size(); vw++) {
      TopicPartition partition = settings.source().virtualWorkers().partition(vw);
      topics
          .computeIfAbsent(partition.topic(), topic -> new TreeMap<>())
          .put(partition.partition(), courses.get(vw));
    }
    long rounds = courses.stream().mapToLong(Course::rounds).max().orElse(0);
    return Optional.of(new RecordedSchedule(RecordedSchedule.FORMAT, rounds, topics));
  }
}
