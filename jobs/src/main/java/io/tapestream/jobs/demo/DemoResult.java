package io.tapestream.jobs.demo;

import com.fasterxml.jackson.annotation.JsonIgnore;
import java.nio.file.Path;

/**
 * What the demo ends with.
 *
 * @param records that were trained on
 * @param seconds from the first record to the end of the stream
 * @param rounds of synchronous training
 * @param heldOutAccuracy as the model server answers with the newest version
 * @param inMemoryAccuracy of the same model after {@code fit} on the same batches in memory
 * @param versions that were published
 * @param versionsAnswering while training went on
 * @param newestVersion the last one's number
 * @param deadLetters records that could not be learned from
 * @param versionDirectory under which the model's versions lie
 */
public record DemoResult(
    long records,
    double seconds,
    long rounds,
    double heldOutAccuracy,
    double inMemoryAccuracy,
    int versions,
    int versionsAnswering,
    long newestVersion,
    long deadLetters,
    String versionDirectory) {

  /** {@link #versionDirectory} as a path. */
  @JsonIgnore
  public Path directory() {
    return Path.of(versionDirectory);
  }
}
