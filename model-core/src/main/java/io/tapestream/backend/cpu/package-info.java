/**
 * The fast float32 backend: matrix products by OpenBLAS, convolutions by oneDNN, everything else by
 * fused kernels (JDK Vector API where its module is present, plain Java where not), all on memory
 * outside the heap and on the calling thread alone.
 */
@NullMarked
package io.tapestream.backend.cpu;

import org.jspecify.annotations.NullMarked;
