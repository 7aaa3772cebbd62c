package io.tapestream.operators.publish;

import io.tapestream.operators.server.BlockSnapshot;
import java.util.List;
import java.util.Map;

/**
 * The moment of the stream at which a version is cut; every block of the version agrees on it.
 *
 * @param number the checkpoint that made the cut, or {@link BlockSnapshot#LAST}; grows from cut to
 *     cut
 * @param round rounds applied
 * @param records raw records learned from, since training began
 * @param learned by virtual worker, the offset of the first record not learned from, or -1 if it
 *     has learned from none
 * @param metrics loss and metrics since the cut before, by name, those that are finite
 */
record Cut(long number, long round, long records, List<Long> learned, Map<String, Double> metrics) {
  Cut {
    learned = List.copyOf(learned);
    metrics = Map.copyOf(metrics);
  }
}
