package io.tapestream.operators.train;

import io.tapestream.operators.decode.Rejected;
import java.util.List;
import java.util.Optional;

/**
 * What became of a mini-batch that was trained on.
 *
 * @param rejected the examples that could not be learned from, in the records' order
 * @param skip why the guard has refused the batch, so that these are all its examples; empty if it
 *     counts
 */
record Trained(List<Rejected> rejected, Optional<Guard.Skip> skip) {}
