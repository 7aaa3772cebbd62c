/**
 * Counter-based random numbers: every draw is a pure function of a key and a counter, so no
 * generator has a state to share or to save.
 */
@NullMarked
package io.tapestream.random;

import org.jspecify.annotations.NullMarked;
