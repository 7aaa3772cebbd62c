/**
 * Specifications: layers, losses, optimizers, metrics and initializers as JSON of the form {type,
 * settings}, and back.
 */
@NullMarked
package io.tapestream.specs;

import org.jspecify.annotations.NullMarked;
