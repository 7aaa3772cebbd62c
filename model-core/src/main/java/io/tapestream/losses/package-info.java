/** Losses: one number per example, which training makes small. */
@NullMarked
package io.tapestream.losses;

import org.jspecify.annotations.NullMarked;
