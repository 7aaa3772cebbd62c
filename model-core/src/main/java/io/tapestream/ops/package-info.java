/**
 * What users compute with: each op checks its arguments, calls backend primitives for the result,
 * and hands the tape its gradient rule, forward and gradient side by side in one file: once as
 * kernels, which training runs, and once made of ops, so that every gradient has gradients itself.
 * Notation: dY is the gradient of the loss for Y.
 */
@NullMarked
package io.tapestream.ops;

import org.jspecify.annotations.NullMarked;
