/**
 * Captured steps: a step is traced once per input shapes, and then done again by calling the same
 * kernels on the same memory, without its layers, ops and tape. Where the two meet is the backend:
 * whatever a step computes goes through it.
 */
@NullMarked
package io.tapestream.capture;

import org.jspecify.annotations.NullMarked;
