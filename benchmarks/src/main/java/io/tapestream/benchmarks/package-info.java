/**
 * Side-by-side measurements: each prints ratios taken in one run, interleaved, with the absolute
 * figures beside them.
 */
@NullMarked
package io.tapestream.benchmarks;

import org.jspecify.annotations.NullMarked;
