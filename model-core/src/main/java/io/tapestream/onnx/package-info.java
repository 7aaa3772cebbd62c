/**
 * Models as ONNX files, for runtimes of others. {@link io.tapestream.onnx.OnnxExport} writes one; a
 * layer says its own nodes through {@link io.tapestream.onnx.OnnxForm}.
 */
@NullMarked
package io.tapestream.onnx;

import org.jspecify.annotations.NullMarked;
