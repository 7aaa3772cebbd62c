/**
 * TensorFlow 2's tour with Tapestream, each stop a class with a {@code main}: {@link
 * io.tapestream.examples.CustomLoop}, {@link io.tapestream.examples.LeNetTwice}, {@link
 * io.tapestream.examples.ThreeWays}, {@link io.tapestream.examples.CustomParts} and {@link
 * io.tapestream.examples.Mirrored}.
 */
@NullMarked
package io.tapestream.examples;

import org.jspecify.annotations.NullMarked;
