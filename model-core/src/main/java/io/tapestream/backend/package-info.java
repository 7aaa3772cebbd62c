/**
 * The seam between tensors and what computes on them: the primitives that every backend offers, and
 * the choice of one backend per process. Layers and ops know this package only, never a particular
 * backend.
 */
@NullMarked
package io.tapestream.backend;

import org.jspecify.annotations.NullMarked;
