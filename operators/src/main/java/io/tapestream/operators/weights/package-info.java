/**
 * The way back: weights that left the parameter server are handed to the trainer in the same
 * process, where they open the gate for the next round.
 */
@NullMarked
package io.tapestream.operators.weights;

import org.jspecify.annotations.NullMarked;
