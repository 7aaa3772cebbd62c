/** Placeholder. */
@NullMarked
package io.tapestream.schemas;

import org.jspecify.annotations.NullMarked;
