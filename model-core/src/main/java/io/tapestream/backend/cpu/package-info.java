/**
 * The fast float32 backend: matrix products and convolutions by oneDNN (narrow products by
 * OpenBLAS), everything else by fused kernels (JDK Vector API where its module is present, plain
 * Java where not), all on memory outside the heap and on the calling thread alone.
 */
@NullMarked
package io.tapestream.backend.cpu;

import org.jspecify.annotations.NullMarked;
