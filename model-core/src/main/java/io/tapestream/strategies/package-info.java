/** Strategies: where and how often a training step is computed. */
@NullMarked
package io.tapestream.strategies;

import org.jspecify.annotations.NullMarked;
