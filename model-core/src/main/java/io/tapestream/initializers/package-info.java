/**
 * Initializers: a parameter's first values, drawn from its shape, the model's seed and the
 * parameter's index alone.
 */
@NullMarked
package io.tapestream.initializers;

import org.jspecify.annotations.NullMarked;
