/** TensorFlow Serving's REST API. */
@NullMarked
package io.tapestream.serving.tensorflow;

import org.jspecify.annotations.NullMarked;
