package io.tapestream.layers;

import io.tapestream.autodiff.Variable;
import io.tapestream.backend.Backends;
import io.tapestream.initializers.Initializer;
import io.tapestream.initializers.RandomUniform;
import io.tapestream.onnx.OnnxCall;
import io.tapestream.onnx.OnnxForm;
import io.tapestream.onnx.OnnxValue;
import io.tapestream.ops.GatherRows;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A row of a table for each id; Keras's {@code Embedding}.
 *
 * <p>Input: (batch, …) of ids in 0 … inputDim−1, as INT64 or as floats, of which FLOAT32 is exact
 * up to 2²⁴. Output: (batch, …, outputDim). Variable: embeddings (inputDim, outputDim).
 */
public final class Embedding extends Layer implements OnnxForm {

  /**
   * The settings.
   *
   * @param inputDim the number of ids
   * @param outputDim the length of a row
   * @param embeddingsInitializer the table's first values
   */
  public record Settings(int inputDim, int outputDim, Initializer embeddingsInitializer) {
    /** Uniform in ±0.05; Keras's default. */
    public Settings(int inputDim, int outputDim) {
      this(inputDim, outputDim, new RandomUniform());
    }

    /** Checks that both are positive. */
    public Settings {
      Sizes.positive("Embedding", "inputDim", inputDim);
      Sizes.positive("Embedding", "outputDim", outputDim);
    }
  }

  private final Settings settings;
  private @Nullable Variable embeddings;

  /** With these settings. */
  public Embedding(Settings settings) {
    this.settings = settings;
  }

  /** A table of so many ids and so long rows. */
  public Embedding(int inputDim, int outputDim) {
    this(new Settings(inputDim, outputDim));
  }

  @Override
  public Settings settings() {
    return settings;
  }

  @Override
  protected void build(Shape input, Builder builder) {
    embeddings =
        builder.parameter(
            "embeddings",
            Shape.of(settings.inputDim(), settings.outputDim()),
            settings.embeddingsInitializer());
  }

  @Override
  protected Tensor call(Tensor x, Context context) {
    Tensor table = built(embeddings).value();
    Tensor ids = x;
    if (x.dtype() != DType.INT64) {
      ids = Tensor.allocate(DType.INT64, x.shape());
      Backends.of(table.dtype()).copy(x, ids);
    }
    return GatherRows.of(table, ids);
  }

  @Override
  public OnnxValue onnx(OnnxCall call) {
    OnnxValue ids = call.input();
    if (call.dtype(0) != DType.INT64) {
      ids = call.cast(ids, DType.INT64);
    }
    return call.op("Gather").of(call.variable(built(embeddings)), ids);
  }
}
