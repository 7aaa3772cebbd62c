/**
 * Learning-rate schedules: pure functions of the round, with Keras's names and formulas. They use
 * {@code StrictMath}, so that every machine computes the same rate.
 */
@NullMarked
package io.tapestream.schedules;

import org.jspecify.annotations.NullMarked;
