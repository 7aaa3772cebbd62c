/**
 * Optimizers: immutable rules that move weights against their gradient, one rule for in-memory
 * training and the parameter server.
 */
@NullMarked
package io.tapestream.optimizers;

import org.jspecify.annotations.NullMarked;
