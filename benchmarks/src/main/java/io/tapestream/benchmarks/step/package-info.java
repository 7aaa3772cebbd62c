/** What one training step costs, beside the peers. */
@NullMarked
package io.tapestream.benchmarks.step;

import org.jspecify.annotations.NullMarked;
