package io.tapestream.backend.cpu;

import static io.tapestream.backend.cpu.OneDnn.check;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCRATCHPAD;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_get_size;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_set_data_handle;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_query_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_execute;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_scratchpad_md;

import io.tapestream.tensor.Memory;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.javacpp.Pointer;

/**
 * A oneDNN primitive with its arguments laid out once. Bind each argument to an address (it stays
 * bound), then execute. One thread uses it at a time.
 */
final class Primitive implements AutoCloseable {
  private final dnnl_primitive primitive = new dnnl_primitive();
  private final dnnl_memory[] memories;
  private final dnnl_exec_arg_t arguments;
  private final Memory scratch;
  private final NativeAddress address = new NativeAddress();

  /** An argument: its DNNL_ARG number and the layout of its memory. */
  record Argument(int number, dnnl_memory_desc layout) {}

  /**
   * Makes the primitive, and destroys its descriptor. The k-th argument is bound by {@code bind(k,
   * …)}.
   */
  Primitive(dnnl_primitive_desc descriptor, Argument... made) {
    dnnl_memory_desc scratchLayout =
        dnnl_primitive_desc_query_md(descriptor, dnnl_query_scratchpad_md, 0);
    this.scratch = Memory.allocate(dnnl_memory_desc_get_size(scratchLayout));
    this.memories = new dnnl_memory[made.length + 1];
    this.arguments = new dnnl_exec_arg_t(memories.length);
    for (int i = 0; i < made.length; i++) {
      lay(i, made[i].number, made[i].layout);
    }
    lay(made.length, DNNL_ARG_SCRATCHPAD, scratchLayout);
    bind(made.length, scratch.address());
    check(dnnl_primitive_create(primitive, descriptor), "create a primitive");
    check(dnnl_primitive_desc_destroy(descriptor), "destroy a descriptor");
  }

  private void lay(int position, int number, dnnl_memory_desc layout) {
    dnnl_memory memory = new dnnl_memory();
    check(
        dnnl_memory_create(memory, layout, OneDnn.engine(), (Pointer) null),
        "create an argument's memory");
    memories[position] = memory;
    arguments.position(position);
    arguments.arg(number).memory(memory);
    arguments.position(0);
  }

  /** Lets argument {@code position} read or write at an address, which the caller keeps alive. */
  Primitive bind(int position, long to) {
    check(dnnl_memory_set_data_handle(memories[position], address.at(to)), "bind an argument");
    return this;
  }

  /** Runs it on what is bound. */
  void execute(dnnl_stream stream) {
    check(
        dnnl_primitive_execute(primitive, stream, memories.length, arguments),
        "execute a primitive");
  }

  /** Frees everything native; it must not be used any more. */
  @Override
  public void close() {
    check(dnnl_primitive_destroy(primitive), "destroy a primitive");
    for (dnnl_memory memory : memories) {
      check(dnnl_memory_destroy(memory), "destroy an argument's memory");
    }
    arguments.close();
    scratch.close();
  }
}
