/** What may accompany a {@code fit}: stopping early, keeping the best, a progress bar. */
@NullMarked
package io.tapestream.callbacks;

import org.jspecify.annotations.NullMarked;
