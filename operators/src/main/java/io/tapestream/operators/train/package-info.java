/**
 * The trainer chained to the gated source: one mini-batch in, one contribution per parameter block
 * out, and the records it could not learn from on a side output.
 */
@NullMarked
package io.tapestream.operators.train;

import org.jspecify.annotations.NullMarked;
