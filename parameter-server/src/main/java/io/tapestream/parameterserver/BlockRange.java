package io.tapestream.parameterserver;

import java.io.Serializable;

/**
 * The slice of the flat parameter vector that one block holds.
 *
 * @param index the block's number, from 0
 * @param from its first value in the flat vector
 * @param to the value after its last
 * @param trained whether its values follow gradients; if not, they are statistics that each virtual
 *     worker learns by itself (a batch norm's moving mean) and the server averages
 */
public record BlockRange(int index, int from, int to, boolean trained) implements Serializable {

  /** The number of values in the block. */
  public int length() {
    return to - from;
  }
}
