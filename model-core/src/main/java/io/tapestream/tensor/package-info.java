/** Placeholder. */
@NullMarked
package io.tapestream.tensor;

import org.jspecify.annotations.NullMarked;
