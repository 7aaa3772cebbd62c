package io.tapestream.parameterserver;

/**
 * A round whose contributions are all here, and which is applied when its {@link Message.Scale} has
 * come: no shard alone knows the norm of the whole gradient (R15).
 *
 * @param block the block's index
 * @param round the open round
 * @param squares Σg² in double over the block's part of the gradient as it would be applied,
 *     divided by the weight for a mean loss; 0 for statistics
 */
public record RoundSum(int block, long round, double squares) implements Reply {}
