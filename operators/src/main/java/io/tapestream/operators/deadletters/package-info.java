/**
 * Where examples go that can't be learned from: to their own topic, with the reason and the
 * original bytes, so that bad input neither stops a job nor vanishes (I7).
 */
@NullMarked
package io.tapestream.operators.deadletters;

import org.jspecify.annotations.NullMarked;
