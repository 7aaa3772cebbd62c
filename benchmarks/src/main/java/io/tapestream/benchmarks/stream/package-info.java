/** What the streaming job costs, beside training in memory, mere reading, and a loop by hand. */
@NullMarked
package io.tapestream.benchmarks.stream;

import org.jspecify.annotations.NullMarked;
