package io.tapestream.layers;

import io.tapestream.autodiff.Variable;
import io.tapestream.backend.Backends;
import io.tapestream.initializers.GlorotUniform;
import io.tapestream.initializers.Initializer;
import io.tapestream.initializers.Zeros;
import io.tapestream.onnx.OnnxCall;
import io.tapestream.onnx.OnnxForm;
import io.tapestream.onnx.OnnxValue;
import io.tapestream.ops.Add;
import io.tapestream.ops.Affine;
import io.tapestream.ops.BatchMatMul;
import io.tapestream.ops.DropoutOp;
import io.tapestream.ops.MatMul;
import io.tapestream.ops.Reshape;
import io.tapestream.ops.Scale;
import io.tapestream.ops.Transpose;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Each step of a sequence as a mixture of what the steps of another hold, mixed by how well queries
 * and keys agree, in several heads; Keras's {@code MultiHeadAttention}:
 *
 * <pre>
 * Q, K, V = projections of query, key and value, for each head
 * output = projection of all heads' softmax(Q·Kᵀ / √keyDim)·V, side by side
 * </pre>
 *
 * <p>Input: (batch, steps, features) attends to itself; or query, value and, unless it is the
 * value, key. Output: (batch, steps of the query, its features). Variables: query, key and value
 * kernels (features, heads, keyDim or valueDim) and attention_output/kernel (heads, valueDim,
 * features), each with a bias.
 *
 * <p>Vaswani et al., "Attention is all you need", 2017.
 */
public final class MultiHeadAttention extends Layer implements OnnxForm {
  /** Added to an agreement that must not count: its exponential is 0. */
  private static final double MASKED = -1e9;

  /**
   * The settings.
   *
   * @param numHeads the number of heads
   * @param keyDim the length of a head's query and key
   * @param valueDim the length of a head's value
   * @param dropout the share of a mixture's parts that is dropped in training, in [0, 1)
   * @param useBias whether projections add a bias
   * @param causal whether a step attends only to those up to its own; Keras's {@code
   *     use_causal_mask}
   * @param kernelInitializer the kernels' first values
   * @param biasInitializer the biases' first values
   */
  public record Settings(
      int numHeads,
      int keyDim,
      int valueDim,
      double dropout,
      boolean useBias,
      boolean causal,
      Initializer kernelInitializer,
      Initializer biasInitializer) {

    /** Values as long as keys; Keras's defaults. */
    public Settings(int numHeads, int keyDim) {
      this(numHeads, keyDim, 0, false);
    }

    /** Values as long as keys. */
    public Settings(int numHeads, int keyDim, double dropout, boolean causal) {
      this(numHeads, keyDim, keyDim, dropout, true, causal, new GlorotUniform(), new Zeros());
    }

    /** Checks the ranges stated above. */
    public Settings {
      Sizes.positive("MultiHeadAttention", "numHeads", numHeads);
      Sizes.positive("MultiHeadAttention", "keyDim", keyDim);
      Sizes.positive("MultiHeadAttention", "valueDim", valueDim);
      if (!(dropout >= 0 && dropout < 1)) {
        throw new IllegalArgumentException(
            "MultiHeadAttention: dropout must lie in [0, 1), got " + dropout);
      }
    }
  }

  /**
   * A projection to all heads, or from them: a kernel of three axes and the bias, if there is one.
   */
  private record Projection(Variable kernel, @Nullable Variable bias) {

    /** Rows (n, in) → (n, out); in and out take the kernel's axes together. */
    Tensor of(Tensor rows) {
      Shape shape = kernel.value().shape();
      Tensor w = Reshape.of(kernel.value(), Shape.of(rows.dim(1), shape.size() / rows.dim(1)));
      return bias == null
          ? MatMul.of(rows, w)
          : Affine.of(
              rows,
              w,
              Reshape.of(bias.value(), Shape.of(w.dim(1))),
              io.tapestream.backend.Activation.LINEAR);
    }

    /** The same along the last axis of x, which has so many elements there. */
    OnnxValue onnx(OnnxCall call, OnnxValue x, int in) {
      int out = kernel.value().size() / in;
      OnnxValue y = call.op("MatMul").of(x, call.variable(kernel, Shape.of(in, out)));
      return bias == null ? y : call.op("Add").of(y, call.variable(bias, Shape.of(out)));
    }
  }

  private final Settings settings;
  private @Nullable Projection query;
  private @Nullable Projection key;
  private @Nullable Projection value;
  private @Nullable Projection output;

  /** With these settings. */
  public MultiHeadAttention(Settings settings) {
    this.settings = settings;
  }

  /** Heads of this length. */
  public MultiHeadAttention(int numHeads, int keyDim) {
    this(new Settings(numHeads, keyDim));
  }

  @Override
  public Settings settings() {
    return settings;
  }

  @Override
  protected void build(List<Shape> inputs, Builder builder) {
    boolean sequences =
        inputs.size() <= 3
            && inputs.stream().allMatch(input -> input.rank() == 2 && input.size() > 0);
    if (!sequences) {
      throw expected(
          "(batch, steps, features), alone or as query, value and key, none of them empty", inputs);
    }
    Shape queries = inputs.get(0);
    Shape values = inputs.get(Math.min(1, inputs.size() - 1));
    Shape keys = inputs.get(inputs.size() - 1);
    if (values.dim(0) != keys.dim(0)) {
      throw expected("with a value and a key of as many steps", inputs);
    }
    query = toHeads("query", queries, settings.keyDim(), builder);
    key = toHeads("key", keys, settings.keyDim(), builder);
    value = toHeads("value", values, settings.valueDim(), builder);
    Shape outputs = Shape.of(queries.dim(1));
    output =
        new Projection(
            builder.parameter(
                "attention_output/kernel",
                Shape.of(settings.numHeads(), settings.valueDim(), queries.dim(1)),
                settings.kernelInitializer()),
            bias("attention_output", outputs, builder));
  }

  private Projection toHeads(String name, Shape input, int length, Builder builder) {
    int heads = settings.numHeads();
    return new Projection(
        builder.parameter(
            name + "/kernel", Shape.of(input.dim(1), heads, length), settings.kernelInitializer()),
        bias(name, Shape.of(heads, length), builder));
  }

  private @Nullable Variable bias(String name, Shape shape, Builder builder) {
    return settings.useBias()
        ? builder.parameter(name + "/bias", shape, settings.biasInitializer())
        : null;
  }

  @Override
  protected Tensor call(List<Tensor> inputs, Context context) {
    Tensor queries = inputs.get(0);
    Tensor values = inputs.get(Math.min(1, inputs.size() - 1));
    Tensor keys = inputs.get(inputs.size() - 1);
    Tensor q = heads(queries, built(query), settings.keyDim());
    Tensor k = heads(keys, built(key), settings.keyDim());
    Tensor v = heads(values, built(value), settings.valueDim());
    Tensor agreement =
        BatchMatMul.of(Scale.of(q, 1 / Math.sqrt(settings.keyDim())), k, true); // (n, h, t, s)
    if (settings.causal()) {
      agreement = Add.of(agreement, mask(agreement));
    }
    Tensor shares = io.tapestream.ops.Softmax.of(agreement);
    if (context.training() && settings.dropout() > 0) {
      shares = DropoutOp.of(shares, settings.dropout(), context.key(index()), context.firstRow());
    }
    Tensor mixed = Transpose.of(BatchMatMul.of(shares, v, false), 0, 2, 1, 3); // (n, t, h, d)
    int width = settings.numHeads() * settings.valueDim();
    int rows = queries.dim(0) * queries.dim(1);
    Tensor y = built(output).of(Reshape.of(mixed, Shape.of(rows, width)));
    return Reshape.of(y, queries.shape());
  }

  /** (n, t, features) → (n, heads, t, length). */
  private Tensor heads(Tensor x, Projection projection, int length) {
    int n = x.dim(0);
    int steps = x.dim(1);
    Tensor y = projection.of(Reshape.of(x, Shape.of(n * steps, x.dim(2))));
    Shape split = Shape.of(n, steps, settings.numHeads(), length);
    return Transpose.of(Reshape.of(y, split), 0, 2, 1, 3);
  }

  /** (t, s): 0 where a step may look, {@link #MASKED} at later ones. */
  private static Tensor mask(Tensor agreement) {
    int steps = agreement.dim(-2);
    int seen = agreement.dim(-1);
    Tensor mask = Tensor.zeros(agreement.dtype(), Shape.of(steps, seen));
    for (int t = 0; t < steps && t + 1 < seen; t++) {
      Tensor later = mask.view(t * seen + t + 1, Shape.of(seen - t - 1));
      Backends.of(mask.dtype()).fill(later, MASKED);
    }
    return mask;
  }

  @Override
  public OnnxValue onnx(OnnxCall call) {
    int last = call.inputs().size() - 1;
    int values = Math.min(1, last);
    OnnxValue q = onnxHeads(call, 0, built(query), settings.keyDim(), 0, 2, 1, 3);
    OnnxValue k = onnxHeads(call, last, built(key), settings.keyDim(), 0, 2, 3, 1);
    OnnxValue v = onnxHeads(call, values, built(value), settings.valueDim(), 0, 2, 1, 3);
    OnnxValue scale = call.scalar("scale", 1 / Math.sqrt(settings.keyDim()));
    OnnxValue agreement = call.op("MatMul").of(call.op("Mul").of(q, scale), k);
    if (settings.causal()) {
      Shape square = Shape.of(call.shape(0).dim(0), call.shape(last).dim(0));
      Tensor mask = mask(Tensor.zeros(DType.FLOAT32, square));
      agreement = call.op("Add").of(agreement, call.constant("mask", square, mask.toFloats()));
    }
    OnnxValue shares = call.op("Softmax").integer("axis", -1).of(agreement);
    OnnxValue mixed = call.transpose(call.op("MatMul").of(shares, v), 0, 2, 1, 3);
    int width = settings.numHeads() * settings.valueDim();
    OnnxValue joined = call.reshape(mixed, "joined", 0, call.shape(0).dim(0), width);
    return built(output).onnx(call, joined, width);
  }

  /** The projection of an input to (n, steps, heads, length), with its axes in this order. */
  private OnnxValue onnxHeads(
      OnnxCall call, int input, Projection projection, int length, int... axes) {
    Shape shape = call.shape(input);
    OnnxValue y = projection.onnx(call, call.input(input), shape.dim(1));
    String split = "split_" + input + "_" + length;
    return call.transpose(
        call.reshape(y, split, 0, shape.dim(0), settings.numHeads(), length), axes);
  }
}
