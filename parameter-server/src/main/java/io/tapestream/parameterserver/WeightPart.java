package io.tapestream.parameterserver;

/**
 * A piece of the values of a block that is larger than a message, sent ahead of its {@link
 * Weights}, which bring the last piece.
 *
 * @param block the block's index
 * @param round rounds that the values hold complete
 * @param from its first value, counted from the block's
 * @param values the piece's own copy
 */
@SuppressWarnings("ArrayRecordComponent") // a message's payload, compared by nobody
public record WeightPart(int block, long round, int from, float[] values) implements Reply {}
