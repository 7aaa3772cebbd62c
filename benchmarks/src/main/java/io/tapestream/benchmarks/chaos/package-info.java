/** What happens to jobs on a cluster of processes that are killed, and to one that jobs leave. */
@NullMarked
package io.tapestream.benchmarks.chaos;

import org.jspecify.annotations.NullMarked;
