/** A small model server: TensorFlow Serving's REST form over models that are followed. */
@NullMarked
package io.tapestream.serving.server;

import org.jspecify.annotations.NullMarked;
