/**
 * The parameter server as a plain state machine: messages of virtual workers in, weights out. No
 * threads, no clock, no Flink.
 */
@NullMarked
package io.tapestream.parameterserver;

import org.jspecify.annotations.NullMarked;
