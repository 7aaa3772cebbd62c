package io.tapestream.backend.cpu;

import static io.tapestream.backend.cpu.OneDnn.check;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.dnnl_data_type_undef;
import static org.bytedeco.dnnl.global.dnnl.dnnl_matmul_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_post_ops_append_sum;
import static org.bytedeco.dnnl.global.dnnl.dnnl_post_ops_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_post_ops_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_set_post_ops;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_destroy;

import io.tapestream.backend.cpu.Primitive.Argument;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_post_ops;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.dnnl_stream;
import org.jspecify.annotations.Nullable;

/**
 * A product by oneDNN's matmul on its batch-reduce kernels. Those of its older {@code gemm} keep
 * the stack pointer in the heap while they run, so that a signal in that time, such as a
 * profiler's, destroys the heap (oneDNN issue 4845); they are never used.
 */
final class OneDnnProduct implements MatrixProducts.Plan {
  private final Primitive primitive;
  private final dnnl_stream stream = OneDnn.stream();

  private OneDnnProduct(Primitive primitive) {
    this.primitive = primitive;
  }

  /** A plan, by OpenBLAS where oneDNN has no kernel to be trusted. */
  static MatrixProducts.Plan planOf(MatrixProduct product) {
    dnnl_memory_desc a =
        OneDnn.matrix(product.m(), product.k(), product.lda(), product.transposeA());
    dnnl_memory_desc b =
        OneDnn.matrix(product.k(), product.n(), product.ldb(), product.transposeB());
    dnnl_memory_desc c = OneDnn.matrix(product.m(), product.n(), product.ldc(), false);
    dnnl_primitive_desc descriptor = describe(a, b, null, c, product.accumulate());
    MatrixProducts.Plan plan;
    if (OneDnn.implementation(descriptor).startsWith("brg")) {
      plan =
          new OneDnnProduct(
              new Primitive(
                  descriptor,
                  new Argument(DNNL_ARG_SRC, a),
                  new Argument(DNNL_ARG_WEIGHTS, b),
                  new Argument(DNNL_ARG_DST, c)));
    } else {
      check(dnnl_primitive_desc_destroy(descriptor), "destroy a descriptor");
      plan = new ByOpenBlas(product);
    }
    for (dnnl_memory_desc layout : new dnnl_memory_desc[] {a, b, c}) {
      check(dnnl_memory_desc_destroy(layout), "destroy a layout");
    }
    return plan;
  }

  /**
   * A product in these layouts.
   *
   * @param bias of one row, added to each; null for none
   * @param accumulate whether it is added to c
   */
  static dnnl_primitive_desc describe(
      dnnl_memory_desc a,
      dnnl_memory_desc b,
      @Nullable dnnl_memory_desc bias,
      dnnl_memory_desc c,
      boolean accumulate) {
    dnnl_primitive_attr attributes = OneDnn.attributes();
    dnnl_post_ops operations = new dnnl_post_ops();
    check(dnnl_post_ops_create(operations), "create post-operations");
    if (accumulate) {
      check(
          dnnl_post_ops_append_sum(operations, 1f, 0, dnnl_data_type_undef), "append an addition");
    }
    check(dnnl_primitive_attr_set_post_ops(attributes, operations), "set post-operations");
    dnnl_primitive_desc descriptor = new dnnl_primitive_desc();
    check(
        dnnl_matmul_primitive_desc_create(descriptor, OneDnn.engine(), a, b, bias, c, attributes),
        "describe a product of matrices");
    check(dnnl_post_ops_destroy(operations), "destroy post-operations");
    check(dnnl_primitive_attr_destroy(attributes), "destroy attributes");
    return descriptor;
  }

  @Override
  public void run(long a, long b, long c) {
    primitive.bind(0, a).bind(1, b).bind(2, c).execute(stream);
  }

  @Override
  public void close() {
    primitive.close();
    check(dnnl_stream_destroy(stream), "destroy a stream");
  }

  private record ByOpenBlas(MatrixProduct product) implements MatrixProducts.Plan {
    @Override
    public void run(long a, long b, long c) {
      OpenBlas.sgemm(product, a, b, c);
    }

    @Override
    public void close() {}
  }
}
