/** Layers, by Keras's names and with the meaning that Keras gives their arguments. */
@NullMarked
package io.tapestream.layers;

import org.jspecify.annotations.NullMarked;
