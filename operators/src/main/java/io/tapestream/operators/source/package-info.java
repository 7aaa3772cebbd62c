/** Placeholder. */
@NullMarked
package io.tapestream.operators.source;

import org.jspecify.annotations.NullMarked;
