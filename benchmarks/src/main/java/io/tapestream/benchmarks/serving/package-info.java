/** What serving costs: swaps under load, and requests beside onnxruntime. */
@NullMarked
package io.tapestream.benchmarks.serving;

import org.jspecify.annotations.NullMarked;
