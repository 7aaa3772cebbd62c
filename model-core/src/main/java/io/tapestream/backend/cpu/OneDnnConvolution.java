package io.tapestream.backend.cpu;

import static io.tapestream.backend.cpu.OneDnn.check;
import static io.tapestream.backend.cpu.OneDnn.describe;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.dnnl_a;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_backward_data_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_backward_weights_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_direct;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_forward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_relu;
import static org.bytedeco.dnnl.global.dnnl.dnnl_format_tag_any;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_training;
import static org.bytedeco.dnnl.global.dnnl.dnnl_hwio;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_clone;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_equal;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_get_size;
import static org.bytedeco.dnnl.global.dnnl.dnnl_nhwc;
import static org.bytedeco.dnnl.global.dnnl.dnnl_post_ops_append_eltwise;
import static org.bytedeco.dnnl.global.dnnl.dnnl_post_ops_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_post_ops_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_set_post_ops;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_query_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_diff_weights_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_weights_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_destroy;

import io.tapestream.backend.Window;
import io.tapestream.backend.cpu.Convolution.Product;
import io.tapestream.backend.cpu.Primitive.Argument;
import io.tapestream.tensor.Memory;
import io.tapestream.tensor.Tensor;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_post_ops;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.dnnl_stream;
import org.jspecify.annotations.Nullable;

/**
 * A convolution by oneDNN. Images stay as users see them (n, h, w, c); oneDNN chooses the filter's
 * layout, and the plan converts the filter, or its gradient, between that and (h, w, in, out).
 */
final class OneDnnConvolution implements Convolution.Plan {
  private final Convolution convolution;
  private final dnnl_stream stream;
  private final Primitive primitive;

  /**
   * Converts the filter before, or its gradient after; null if oneDNN works on the user's layout.
   */
  private final @Nullable Primitive conversion;

  private final Memory converted;

  private OneDnnConvolution(
      Convolution convolution,
      Primitive primitive,
      @Nullable Primitive conversion,
      Memory converted) {
    this.convolution = convolution;
    this.stream = OneDnn.stream();
    this.primitive = primitive;
    this.conversion = conversion;
    this.converted = converted;
  }

  /**
   * The plan for a convolution, or null if oneDNN has only its slow reference implementation for it
   * on this machine.
   */
  static @Nullable OneDnnConvolution of(Convolution convolution) {
    Layouts layouts = new Layouts(convolution);
    try {
      return switch (convolution.product()) {
        case FORWARD -> forward(convolution, layouts);
        case INPUT_GRADIENT -> inputGradient(convolution, layouts);
        case FILTER_GRADIENT -> filterGradient(convolution, layouts);
      };
    } finally {
      layouts.destroy();
    }
  }

  private static @Nullable OneDnnConvolution forward(Convolution convolution, Layouts layouts) {
    dnnl_primitive_desc descriptor = layouts.forward(convolution.bias(), convolution.relu());
    if (isUnfit(descriptor)) {
      return null;
    }
    dnnl_memory_desc filter = chosen(descriptor, dnnl_query_weights_md);
    Argument x = new Argument(DNNL_ARG_SRC, layouts.x);
    Argument weights = new Argument(DNNL_ARG_WEIGHTS, filter);
    Argument y = new Argument(DNNL_ARG_DST, layouts.y);
    Primitive primitive =
        convolution.bias()
            ? new Primitive(descriptor, x, weights, y, new Argument(DNNL_ARG_BIAS, layouts.bias))
            : new Primitive(descriptor, x, weights, y);
    return withFilter(convolution, primitive, layouts.filter, filter, filter);
  }

  private static @Nullable OneDnnConvolution inputGradient(
      Convolution convolution, Layouts layouts) {
    dnnl_primitive_desc forward = layouts.forward(false, false);
    dnnl_primitive_desc descriptor = new dnnl_primitive_desc();
    dnnl_primitive_attr attributes = OneDnn.attributes();
    check(
        dnnl_convolution_backward_data_primitive_desc_create(
            descriptor,
            OneDnn.engine(),
            dnnl_convolution_direct,
            layouts.x,
            layouts.anyFilter,
            layouts.y,
            layouts.strides,
            layouts.dilation,
            layouts.before,
            layouts.after,
            forward,
            attributes),
        "describe a convolution's input gradient");
    check(dnnl_primitive_attr_destroy(attributes), "destroy attributes");
    check(dnnl_primitive_desc_destroy(forward), "destroy a descriptor");
    if (isUnfit(descriptor)) {
      return null;
    }
    dnnl_memory_desc filter = chosen(descriptor, dnnl_query_weights_md);
    Primitive primitive =
        new Primitive(
            descriptor,
            new Argument(DNNL_ARG_DIFF_DST, layouts.y),
            new Argument(DNNL_ARG_WEIGHTS, filter),
            new Argument(DNNL_ARG_DIFF_SRC, layouts.x));
    return withFilter(convolution, primitive, layouts.filter, filter, filter);
  }

  private static @Nullable OneDnnConvolution filterGradient(
      Convolution convolution, Layouts layouts) {
    dnnl_primitive_desc forward = layouts.forward(false, false);
    dnnl_primitive_desc descriptor = new dnnl_primitive_desc();
    dnnl_primitive_attr attributes = OneDnn.attributes();
    check(
        dnnl_convolution_backward_weights_primitive_desc_create(
            descriptor,
            OneDnn.engine(),
            dnnl_convolution_direct,
            layouts.x,
            layouts.anyFilter,
            null,
            layouts.y,
            layouts.strides,
            layouts.dilation,
            layouts.before,
            layouts.after,
            forward,
            attributes),
        "describe a convolution's filter gradient");
    check(dnnl_primitive_attr_destroy(attributes), "destroy attributes");
    check(dnnl_primitive_desc_destroy(forward), "destroy a descriptor");
    if (isUnfit(descriptor)) {
      return null;
    }
    dnnl_memory_desc gradient = chosen(descriptor, dnnl_query_diff_weights_md);
    Primitive primitive =
        new Primitive(
            descriptor,
            new Argument(DNNL_ARG_SRC, layouts.x),
            new Argument(DNNL_ARG_DIFF_DST, layouts.y),
            new Argument(DNNL_ARG_DIFF_WEIGHTS, gradient));
    return withFilter(convolution, primitive, gradient, layouts.filter, gradient);
  }

  private static OneDnnConvolution withFilter(
      Convolution convolution,
      Primitive primitive,
      dnnl_memory_desc from,
      dnnl_memory_desc to,
      dnnl_memory_desc chosen) {
    Memory converted = Memory.allocate(dnnl_memory_desc_get_size(chosen));
    Primitive conversion = dnnl_memory_desc_equal(from, to) == 1 ? null : OneDnn.reorder(from, to);
    check(dnnl_memory_desc_destroy(chosen), "destroy a layout");
    return new OneDnnConvolution(convolution, primitive, conversion, converted);
  }

  /**
   * Destroys a descriptor if what it describes is the reference implementation, which is slow, or
   * one by the kernels that {@link OneDnnProduct} tells of.
   */
  private static boolean isUnfit(dnnl_primitive_desc descriptor) {
    String implementation = OneDnn.implementation(descriptor);
    boolean unfit = implementation.startsWith("ref") || implementation.contains("gemm:jit");
    if (unfit) {
      check(dnnl_primitive_desc_destroy(descriptor), "destroy a descriptor");
    }
    return unfit;
  }

  /** A copy, since what a query answers lives no longer than its descriptor. */
  private static dnnl_memory_desc chosen(dnnl_primitive_desc descriptor, int what) {
    dnnl_memory_desc copy = new dnnl_memory_desc();
    check(
        dnnl_memory_desc_clone(copy, dnnl_primitive_desc_query_md(descriptor, what, 0)),
        "copy a layout");
    return copy;
  }

  @Override
  public void run(Tensor left, Tensor right, @Nullable Tensor bias, Tensor result) {
    primitive.bind(0, left.address());
    if (convolution.product() == Product.FILTER_GRADIENT) {
      primitive.bind(1, right.address());
      primitive.bind(2, conversion == null ? result.address() : converted.address());
      primitive.execute(stream);
      if (conversion != null) {
        conversion.bind(0, converted.address()).bind(1, result.address()).execute(stream);
      }
    } else {
      primitive.bind(1, filter(right.address())).bind(2, result.address());
      if (bias != null) {
        primitive.bind(3, bias.address());
      }
      primitive.execute(stream);
    }
  }

  private long filter(long given) {
    if (conversion == null) {
      return given;
    }
    conversion.bind(0, given).bind(1, converted.address()).execute(stream);
    return converted.address();
  }

  @Override
  public void close() {
    primitive.close();
    if (conversion != null) {
      conversion.close();
    }
    converted.close();
    check(dnnl_stream_destroy(stream), "destroy a stream");
  }

  /** The layouts of a convolution's tensors, while its plan is made. */
  private static final class Layouts {
    final dnnl_memory_desc x;
    final dnnl_memory_desc y;
    final dnnl_memory_desc filter;
    final dnnl_memory_desc anyFilter;
    final dnnl_memory_desc bias;
    final long[] strides;
    final long[] dilation = {0, 0};
    final long[] before;
    final long[] after;

    Layouts(Convolution c) {
      Window window = c.window();
      x = describe(dnnl_nhwc, c.images(), c.in(), c.height(), c.width());
      y = describe(dnnl_nhwc, c.images(), c.out(), c.outputHeight(), c.outputWidth());
      filter = describe(dnnl_hwio, c.out(), c.in(), window.height(), window.width());
      anyFilter = describe(dnnl_format_tag_any, c.out(), c.in(), window.height(), window.width());
      bias = describe(dnnl_a, c.out());
      strides = new long[] {window.strideHeight(), window.strideWidth()};
      before = new long[] {window.padTop(), window.padLeft()};
      after = new long[] {window.padBottom(), window.padRight()};
    }

    dnnl_primitive_desc forward(boolean withBias, boolean relu) {
      dnnl_primitive_attr attributes = OneDnn.attributes();
      dnnl_post_ops operations = new dnnl_post_ops();
      check(dnnl_post_ops_create(operations), "create post-operations");
      if (relu) {
        check(
            dnnl_post_ops_append_eltwise(operations, dnnl_eltwise_relu, 0f, 0f),
            "append an activation");
      }
      check(dnnl_primitive_attr_set_post_ops(attributes, operations), "set post-operations");
      dnnl_primitive_desc descriptor = new dnnl_primitive_desc();
      check(
          dnnl_convolution_forward_primitive_desc_create(
              descriptor,
              OneDnn.engine(),
              dnnl_forward_training,
              dnnl_convolution_direct,
              x,
              anyFilter,
              withBias ? bias : null,
              y,
              strides,
              dilation,
              before,
              after,
              attributes),
          "describe a convolution");
      check(dnnl_post_ops_destroy(operations), "destroy post-operations");
      check(dnnl_primitive_attr_destroy(attributes), "destroy attributes");
      return descriptor;
    }

    void destroy() {
      for (dnnl_memory_desc layout : new dnnl_memory_desc[] {x, y, filter, anyFilter, bias}) {
        check(dnnl_memory_desc_destroy(layout), "destroy a layout");
      }
    }
  }
}
