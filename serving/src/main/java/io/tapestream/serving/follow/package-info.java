/** Placeholder. */
@NullMarked
package io.tapestream.serving.follow;

import org.jspecify.annotations.NullMarked;
