/** The Open Inference Protocol, version 2, over HTTP, as KServe and Triton speak it. */
@NullMarked
package io.tapestream.serving.openinference;

import org.jspecify.annotations.NullMarked;
