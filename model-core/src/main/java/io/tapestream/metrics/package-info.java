/** Metrics: what is told about predictions, as sums that add up over batches. */
@NullMarked
package io.tapestream.metrics;

import org.jspecify.annotations.NullMarked;
