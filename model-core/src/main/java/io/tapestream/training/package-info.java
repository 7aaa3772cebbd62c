/**
 * Training steps: from a batch to the gradient of its summed loss, with the same bits whatever the
 * number of threads.
 */
@NullMarked
package io.tapestream.training;

import org.jspecify.annotations.NullMarked;
