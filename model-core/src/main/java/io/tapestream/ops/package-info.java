/**
 * What users compute with: each op checks its arguments, calls backend primitives for the result,
 * and hands the tape its gradient rule, forward and gradient side by side in one file. Notation: dY
 * is the gradient of the loss for Y.
 */
@NullMarked
package io.tapestream.ops;

import org.jspecify.annotations.NullMarked;
