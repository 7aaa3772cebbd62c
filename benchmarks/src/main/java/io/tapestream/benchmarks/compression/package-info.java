/** What the compression of gradients costs in accuracy. */
@NullMarked
package io.tapestream.benchmarks.compression;

import org.jspecify.annotations.NullMarked;
