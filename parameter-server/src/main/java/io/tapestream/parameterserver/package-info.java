/** Placeholder. */
@NullMarked
package io.tapestream.parameterserver;

import org.jspecify.annotations.NullMarked;
