/**
 * What protocols share: a request and its reply, the models that answer, numbers in JSON, and how
 * named tensors fill a model's input.
 */
@NullMarked
package io.tapestream.serving.protocol;

import org.jspecify.annotations.NullMarked;
