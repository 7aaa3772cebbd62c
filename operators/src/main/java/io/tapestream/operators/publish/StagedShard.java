package io.tapestream.operators.publish;

import java.util.List;

/**
 * One shard's blocks of one cut, in a file that nobody else writes.
 *
 * @param file its path, relative to the model's directory
 * @param cut when the blocks were cut
 * @param pieces the blocks in the order they stand in the file
 */
record StagedShard(String file, Cut cut, List<Piece> pieces) {

  /**
   * A slice of the flat parameter vector, little-endian float32 in the file.
   *
   * @param from its first value in the flat vector
   * @param length number of values
   */
  record Piece(int from, int length) {}

  StagedShard {
    pieces = List.copyOf(pieces);
  }
}
