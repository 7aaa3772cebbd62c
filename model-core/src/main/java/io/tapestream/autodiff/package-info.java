/**
 * Reverse-mode differentiation: a tape records what ops did, and plays their gradient rules
 * backwards. The rules themselves live with the ops.
 */
@NullMarked
package io.tapestream.autodiff;

import org.jspecify.annotations.NullMarked;
