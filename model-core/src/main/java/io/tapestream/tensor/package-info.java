/**
 * Tensors outside the Java heap, views on them, and the workspaces that make the memory of a
 * repeated step flat. Nothing here computes: see {@code io.tapestream.backend} for that and {@code
 * io.tapestream.ops} for what users call.
 */
@NullMarked
package io.tapestream.tensor;

import org.jspecify.annotations.NullMarked;
