package io.tapestream.operators.publish;

import io.tapestream.files.Course;
import java.util.List;
import java.util.Map;

/**
 * One shard's blocks of one cut, in a file that nobody else writes.
 *
 * @param file its path, relative to the model's directory
 * @param cut where the blocks were cut
 * @param last whether no blocks follow, because the job ends
 * @param metrics loss and metrics since the shard's snapshot before, by name, those that are finite
 * @param courses how the virtual workers' batches went through the rounds; empty in the shards that
 *     do not have block 0
 * @param pieces the blocks in the order they stand in the file
 */
record StagedShard(
    String file,
    Cut cut,
    boolean last,
    Map<String, Double> metrics,
    List<Course> courses,
    List<Piece> pieces) {

  /**
   * A slice of the flat parameter vector, little-endian float32 in the file.
   *
   * @param from its first value in the flat vector
   * @param length number of values
   */
  record Piece(int from, int length) {}

  StagedShard {
    metrics = Map.copyOf(metrics);
    courses = List.copyOf(courses);
    pieces = List.copyOf(pieces);
  }
}
