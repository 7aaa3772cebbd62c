package io.tapestream.operators.publish;

import java.util.List;

/**
 * A point of the stream at which shards are cut. Shards that were cut at the same point fit
 * together, even if they came with different checkpoints: when one was given up, some shards may
 * have sent their blocks for it and the others send theirs for the next.
 *
 * @param round rounds applied
 * @param records raw records learned from, since training began
 * @param learned by virtual worker, the offset of the first record not learned from, or -1 if it
 *     has learned from none
 */
record Cut(long round, long records, List<Long> learned) {
  Cut {
    learned = List.copyOf(learned);
  }

  /**
   * Whether this point is later than another.
   *
   * @throws IllegalStateException if the points are neither equal nor one later: the shards were
   *     not cut by one aligned barrier
   */
  boolean isAfter(Cut other) {
    if (equals(other)) {
      return false;
    }
    if (records == other.records && round == other.round) {
      throw new IllegalStateException(
          "shards were cut at points that can't both be: "
              + this
              + " and "
              + other
              + "; versions need aligned, exactly-once checkpoints");
    }
    return records > other.records || (records == other.records && round > other.round);
  }
}
