/**
 * Bounds on a batch's gradient, with Keras's three kinds, for in-memory training and for the
 * trainers of a job alike.
 */
@NullMarked
package io.tapestream.clipping;

import org.jspecify.annotations.NullMarked;
