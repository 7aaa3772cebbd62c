package io.tapestream.parameterserver;

/**
 * What a contribution says about the values of one block: the gradient of the summed weighted loss
 * for a trained block, the virtual worker's own new values for a block of statistics.
 *
 * <p>The arrays belong to the receiver: a sender must not change them afterwards.
 */
public sealed interface Gradient {

  /** Nothing to add: the contribution of a batch without weight. */
  record None() implements Gradient {}

  /**
   * One number for each value of the block.
   *
   * @param values as long as the block
   */
  @SuppressWarnings("ArrayRecordComponent") // a message's payload, compared by nobody
  record Dense(float[] values) implements Gradient {}

  /**
   * Whole rows of a table that lies in the block; every other value has gradient zero. Row r of the
   * table is the block's values {@code origin + r·width} to {@code origin + (r + 1)·width}.
   *
   * @param origin where row 0 starts, counted from the block's first value; negative if the table
   *     starts in an earlier block
   * @param width values in a row
   * @param rows the rows' numbers, each wholly inside the block
   * @param values the rows' gradients one after the other: {@code rows.length · width} numbers
   */
  @SuppressWarnings("ArrayRecordComponent") // a message's payload, compared by nobody
  record Rows(int origin, int width, int[] rows, float[] values) implements Gradient {}
}
