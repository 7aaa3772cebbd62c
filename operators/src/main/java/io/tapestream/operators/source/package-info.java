/**
 * The gated source: turns each Kafka partition into complete mini-batches and lets one leave only
 * when the weights it needs have come back.
 */
@NullMarked
package io.tapestream.operators.source;

import org.jspecify.annotations.NullMarked;
