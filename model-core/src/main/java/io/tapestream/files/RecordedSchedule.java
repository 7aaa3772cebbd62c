package io.tapestream.files;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * {@code schedule.json}: the decisions that a version's weights depend on beside the records, so
 * that a run that starts alike and takes the same ones arrives at the same bits (I2). Rounds count
 * from the start of training, or from the version that it was started from. A version has the file
 * only if there were any: without policies, and with the same partitions throughout, records decide
 * alone.
 *
 * <pre>
 * {"format": 1, "rounds": 9, "topics": {"images": {
 *   "0": {"batches": 7, "rounds": 9, "left": false, "runs": [[0, 0, 32], [2, 4, 32]], "lost": []}}}}
 * </pre>
 *
 * A run of {@code -1} examples ends what is told of a partition: there were too many to be kept.
 *
 * @param format layout of this file; this code writes and reads {@link #FORMAT}
 * @param rounds in which no partition joins that this does not tell of
 * @param topics by topic and partition, how its batches went through the rounds
 */
public record RecordedSchedule(int format, long rounds, Map<String, Map<Integer, Course>> topics)
    implements Serializable {

  /** The layout this code writes and reads. */
  public static final int FORMAT = 1;

  /** Its name in a version's directory. */
  public static final String FILE = "schedule.json";

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
          .build();

  /** Keeps sorted copies, so that equal schedules are equal bytes. */
  public RecordedSchedule {
    if (format != FORMAT) {
      throw new IllegalArgumentException(
          "\"format\" is " + format + ", this release reads " + FORMAT);
    }
    TreeMap<String, Map<Integer, Course>> sorted = new TreeMap<>();
    topics.forEach(
        (topic, courses) -> sorted.put(topic, Collections.unmodifiableMap(new TreeMap<>(courses))));
    topics = Collections.unmodifiableMap(sorted);
  }

  /** The course of a partition; one that it does not know took no part in any of its rounds. */
  public Course course(String topic, int partition) {
    return Optional.ofNullable(topics.getOrDefault(topic, Map.of()).get(partition))
        .orElseGet(() -> Course.absent(rounds));
  }

  /** The schedule as JSON. */
  public String toJson() {
    try {
      return JSON.writeValueAsString(this);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a schedule always has a JSON form", e);
    }
  }

  /**
   * Reads the schedule of the version in {@code directory}; empty if the version has none.
   *
   * @throws InvalidVersionException if there is no version, its schedule is damaged, or it is not
   *     of this format
   */
  public static Optional<RecordedSchedule> read(Path directory) throws IOException {
    for (FileEntry entry : Manifest.read(directory).files()) {
      if (entry.name().equals(FILE)) {
        entry.verify(directory);
        Path file = directory.resolve(FILE);
        return Optional.of(parse(Files.readString(file), file.toString()));
      }
    }
    return Optional.empty();
  }

  /**
   * Reads a schedule from JSON.
   *
   * @param where where the text is from, for the error
   */
  static RecordedSchedule parse(String json, String where) throws InvalidVersionException {
    try {
      return JSON.readValue(json, RecordedSchedule.class);
    } catch (JsonProcessingException e) {
      Throwable reason = e.getCause() instanceof IllegalArgumentException ? e.getCause() : e;
      throw new InvalidVersionException(where + " can't be used: " + reason.getMessage(), e);
    }
  }
}
