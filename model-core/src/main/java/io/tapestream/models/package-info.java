/**
 * Models: layers put together, their parameters in one flat vector, and training them in memory.
 */
@NullMarked
package io.tapestream.models;

import org.jspecify.annotations.NullMarked;
