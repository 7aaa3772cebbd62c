/** What a running job shows of itself: every metric by its name, under Flink's own scopes. */
@NullMarked
package io.tapestream.operators.metrics;

import org.jspecify.annotations.NullMarked;
