package io.tapestream.backend.cpu;

import static io.tapestream.backend.cpu.OneDnn.check;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.dnnl_format_tag_any;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_get_size;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_query_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_weights_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_destroy;

import io.tapestream.backend.cpu.Primitive.Argument;
import io.tapestream.tensor.Memory;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.dnnl_stream;
import org.jspecify.annotations.Nullable;

/**
 * Products whose second matrix oneDNN lays out once for all of them as its kernels read it: some
 * tenth of the time of a product with few rows.
 */
final class PackedProduct implements PartedProduct {
  private final List<Part> parts = new ArrayList<>();

  /** By the rows of a part: the layout may depend on them. */
  private final TreeMap<Integer, Packing> packings = new TreeMap<>();

  /** A part's product; each has its own scratch memory. */
  private record Part(Primitive product, dnnl_stream stream) {}

  /** The second matrix in the layout of products of so many rows, and the way there. */
  private record Packing(Primitive reorder, Memory packed, dnnl_stream stream) {}

  private final Key key;

  /** Both halves of the second matrix, the one under the other. */
  private final @Nullable Memory whole;

  private PackedProduct(Key key) {
    this.key = key;
    this.whole = key.lower() == 0 ? null : Memory.allocate(4L * key.k() * key.n());
  }

  /** A plan; by OpenBLAS where oneDNN has no kernel to be trusted. */
  static PartedProduct of(Key key) {
    PackedProduct plan = new PackedProduct(key);
    for (int part = 0; part < key.parts(); part++) {
      if (!plan.add(key.rowsOf(part))) {
        plan.close();
        return new UnpackedProduct(key);
      }
    }
    return plan;
  }

  /** Adds a part; false if there is no kernel for it. */
  private boolean add(int rows) {
    dnnl_memory_desc a = OneDnn.matrix(rows, key.k(), key.k(), false);
    dnnl_memory_desc any = OneDnn.describe(dnnl_format_tag_any, key.k(), key.n());
    dnnl_memory_desc c = OneDnn.matrix(rows, key.n(), key.n(), false);
    dnnl_memory_desc bias = OneDnn.matrix(1, key.n(), key.n(), false);
    dnnl_primitive_desc descriptor =
        OneDnnProduct.describe(a, any, key.bias() ? bias : null, c, key.accumulate());
    boolean fit = OneDnn.implementation(descriptor).startsWith("brg");
    if (fit) {
      dnnl_memory_desc chosen = dnnl_primitive_desc_query_md(descriptor, dnnl_query_weights_md, 0);
      Packing packing = packings.computeIfAbsent(rows, r -> packing(chosen));
      List<Argument> arguments = new ArrayList<>();
      arguments.add(new Argument(DNNL_ARG_SRC, a));
      arguments.add(new Argument(DNNL_ARG_WEIGHTS, chosen));
      arguments.add(new Argument(DNNL_ARG_DST, c));
      if (key.bias()) {
        arguments.add(new Argument(DNNL_ARG_BIAS, bias));
      }
      Primitive product = new Primitive(descriptor, arguments.toArray(Argument[]::new));
      parts.add(new Part(product.bind(1, packing.packed.address()), OneDnn.stream()));
    } else {
      check(dnnl_primitive_desc_destroy(descriptor), "destroy a descriptor");
    }
    for (dnnl_memory_desc layout : new dnnl_memory_desc[] {a, any, c, bias}) {
      check(dnnl_memory_desc_destroy(layout), "destroy a layout");
    }
    return fit;
  }

  private Packing packing(dnnl_memory_desc chosen) {
    int ld = key.transposed() ? key.k() : key.n();
    dnnl_memory_desc given = OneDnn.matrix(key.k(), key.n(), ld, key.transposed());
    Memory packed = Memory.allocate(dnnl_memory_desc_get_size(chosen));
    Primitive reorder = OneDnn.reorder(given, chosen).bind(1, packed.address());
    check(dnnl_memory_desc_destroy(given), "destroy a layout");
    return new Packing(reorder, packed, OneDnn.stream());
  }

  @Override
  public void take(long upper, long lower) {
    long b = upper;
    if (whole != null) {
      b = whole.address();
      OpenBlas.copy(key.upper() * key.n(), upper, b);
      OpenBlas.copy(key.lower() * key.n(), lower, b + 4L * key.upper() * key.n());
    }
    for (Packing packing : packings.values()) {
      packing.reorder.bind(0, b).execute(packing.stream);
    }
  }

  @Override
  public void run(int part, long a, long bias, long c) {
    Part own = parts.get(part);
    own.product.bind(0, a).bind(2, c);
    if (key.bias()) {
      own.product.bind(3, bias);
    }
    own.product.execute(own.stream);
  }

  @Override
  public void close() {
    for (Part part : parts) {
      part.product.close();
      check(dnnl_stream_destroy(part.stream), "destroy a stream");
    }
    for (Packing packing : packings.values()) {
      packing.reorder.close();
      packing.packed.close();
      check(dnnl_stream_destroy(packing.stream), "destroy a stream");
    }
    if (whole != null) {
      whole.close();
    }
  }
}
