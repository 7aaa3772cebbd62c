package io.tapestream.backend.cpu;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_FROM;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_TO;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu;
import static org.bytedeco.dnnl.global.dnnl.dnnl_engine_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_f32;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_create_with_strides;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_create_with_tag;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_set_scratchpad_mode;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_query;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_impl_info_str;
import static org.bytedeco.dnnl.global.dnnl.dnnl_reorder_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_scratchpad_mode_user;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_default_flags;
import static org.bytedeco.dnnl.global.dnnl.dnnl_success;

import io.tapestream.backend.cpu.Primitive.Argument;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * The process's oneDNN: its CPU engine, and the calls every plan is made with. C handles are not
 * garbage collected; whoever creates a descriptor or attribute here destroys it.
 */
final class OneDnn {
  private static final dnnl_engine ENGINE = new dnnl_engine();

  static {
    check(dnnl_engine_create(ENGINE, dnnl_cpu, 0), "create the CPU engine");
  }

  private OneDnn() {}

  static dnnl_engine engine() {
    return ENGINE;
  }

  /** A new in-order stream; one thread uses it at a time. */
  static dnnl_stream stream() {
    dnnl_stream stream = new dnnl_stream();
    check(dnnl_stream_create(stream, ENGINE, dnnl_stream_default_flags), "create a stream");
    return stream;
  }

  /**
   * A descriptor of float32 memory.
   *
   * @param tag the physical layout of oneDNN's logical axes: (n, c, h, w) for activations, (o, i,
   *     h, w) for filters
   */
  static dnnl_memory_desc describe(int tag, long... dims) {
    dnnl_memory_desc descriptor = new dnnl_memory_desc();
    check(
        dnnl_memory_desc_create_with_tag(descriptor, dims.length, dims, dnnl_f32, tag),
        "describe memory");
    return descriptor;
  }

  /**
   * A matrix of so many rows and columns.
   *
   * @param ld elements from one row of what lies there to the next
   * @param transposed whether its transpose lies there
   */
  static dnnl_memory_desc matrix(int rows, int columns, int ld, boolean transposed) {
    long[] steps = transposed ? new long[] {1, ld} : new long[] {ld, 1};
    dnnl_memory_desc descriptor = new dnnl_memory_desc();
    check(
        dnnl_memory_desc_create_with_strides(
            descriptor, 2, new long[] {rows, columns}, dnnl_f32, steps),
        "describe a matrix");
    return descriptor;
  }

  /**
   * The conversion of memory in one layout, its first argument, to memory in another, its second.
   */
  static Primitive reorder(dnnl_memory_desc from, dnnl_memory_desc to) {
    dnnl_primitive_desc descriptor = new dnnl_primitive_desc();
    dnnl_primitive_attr attributes = attributes();
    check(
        dnnl_reorder_primitive_desc_create(descriptor, from, ENGINE, to, ENGINE, attributes),
        "describe a conversion");
    check(dnnl_primitive_attr_destroy(attributes), "destroy attributes");
    return new Primitive(
        descriptor, new Argument(DNNL_ARG_FROM, from), new Argument(DNNL_ARG_TO, to));
  }

  /**
   * Attributes that leave the scratch memory to the plan, so that plans share none between threads.
   */
  static dnnl_primitive_attr attributes() {
    dnnl_primitive_attr attributes = new dnnl_primitive_attr();
    check(dnnl_primitive_attr_create(attributes), "create attributes");
    check(
        dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user),
        "choose the scratchpad");
    return attributes;
  }

  /** The name of the implementation that oneDNN chose, such as {@code brg_conv_fwd:avx512_core}. */
  static String implementation(dnnl_primitive_desc descriptor) {
    try (PointerPointer<BytePointer> name = new PointerPointer<>(1)) {
      check(
          dnnl_primitive_desc_query(descriptor, dnnl_query_impl_info_str, 0, name),
          "ask for the implementation");
      return name.get(BytePointer.class, 0).getString();
    }
  }

  /**
   * Checks a call's status.
   *
   * @throws IllegalStateException if it is not success
   */
  static void check(int status, String what) {
    if (status != dnnl_success) {
      throw new IllegalStateException("oneDNN could not " + what + ": status " + status);
    }
  }
}
