package io.tapestream.layers;

import io.tapestream.autodiff.Variable;
import io.tapestream.initializers.Initializer;
import io.tapestream.onnx.OnnxCall;
import io.tapestream.onnx.OnnxForm;
import io.tapestream.onnx.OnnxValue;
import io.tapestream.ops.Normalize;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code y = (x − mean) / max(√variance, 1e-7)} for each feature, the last axis; Keras's {@code
 * Normalization}, in training and inference alike. Mean and variance are given, or {@linkplain
 * #adaptedTo those of examples}, and never learned: they stand in the layer's specification, so
 * that they are published with the model, and serving can't prepare its input in another way than
 * training.
 *
 * <p>Input and output: (batch, …, features). Statistics: mean and variance (features).
 */
public final class Normalization extends Layer implements OnnxForm {
  private static final double LEAST_DEVIATION = 1e-7;

  /**
   * The settings.
   *
   * @param mean one for each feature, or one for all
   * @param variance as many, at least 0
   */
  public record Settings(List<Double> mean, List<Double> variance) {

    /** Checks the numbers and keeps copies. */
    public Settings {
      mean = List.copyOf(mean);
      variance = List.copyOf(variance);
      if (mean.isEmpty() || mean.size() != variance.size()) {
        throw new IllegalArgumentException(
            "Normalization: give as many variances as means and at least one, got %d and %d"
                .formatted(variance.size(), mean.size()));
      }
      if (!mean.stream().allMatch(Double::isFinite)
          || !variance.stream().allMatch(v -> Double.isFinite(v) && v >= 0)) {
        throw new IllegalArgumentException(
            "Normalization: means must be finite and variances at least 0, got %s and %s"
                .formatted(mean, variance));
      }
    }
  }

  /**
   * Numbers that are repeated if there is only one.
   *
   * @param numbers as many as the parameter has, or one
   */
  private record Given(List<Double> numbers) implements Initializer {
    @Override
    public float[] values(Shape shape, long key) {
      float[] values = new float[shape.size()];
      for (int i = 0; i < values.length; i++) {
        values[i] = numbers.get(numbers.size() == 1 ? 0 : i).floatValue();
      }
      return values;
    }
  }

  private final Settings settings;
  private @Nullable Variable mean;
  private @Nullable Variable variance;

  /** With these settings. */
  public Normalization(Settings settings) {
    this.settings = settings;
  }

  /**
   * A layer that brings each feature of these examples to mean 0 and variance 1; Keras's {@code
   * adapt}.
   *
   * @param examples (…, features), at least one
   */
  public static Normalization adaptedTo(Tensor examples) {
    int features = examples.rank() == 0 ? 0 : examples.dim(-1);
    if (examples.size() == 0) {
      throw new IllegalArgumentException(
          "Normalization: give (…, features) with at least one example, got " + examples.shape());
    }
    double[] values = examples.toDoubles();
    int rows = values.length / features;
    List<Double> means = new ArrayList<>();
    List<Double> variances = new ArrayList<>();
    for (int feature = 0; feature < features; feature++) {
      double sum = 0;
      for (int at = feature; at < values.length; at += features) {
        sum += values[at];
      }
      double average = sum / rows;
      double squares = 0;
      for (int at = feature; at < values.length; at += features) {
        squares += (values[at] - average) * (values[at] - average);
      }
      means.add(average);
      variances.add(squares / rows);
    }
    return new Normalization(new Settings(means, variances));
  }

  @Override
  public Settings settings() {
    return settings;
  }

  @Override
  protected void build(Shape input, Builder builder) {
    int given = settings.mean().size();
    if (input.rank() == 0 || (given > 1 && input.dim(-1) != given)) {
      throw expected("(batch, …, " + (given == 1 ? "features" : given) + ")", input);
    }
    Shape features = Shape.of(input.dim(-1));
    mean = builder.statistic("mean", features, new Given(settings.mean()));
    double least = LEAST_DEVIATION * LEAST_DEVIATION;
    List<Double> bounded = settings.variance().stream().map(v -> Math.max(v, least)).toList();
    variance = builder.statistic("variance", features, new Given(bounded));
  }

  @Override
  protected Tensor call(Tensor x, Context context) {
    return Normalize.of(x, built(mean).value(), built(variance).value(), null, null, 0);
  }

  @Override
  public OnnxValue onnx(OnnxCall call) {
    OnnxValue centred = call.op("Sub").of(call.input(), call.variable(built(mean)));
    return call.op("Div").of(centred, call.op("Sqrt").of(call.variable(built(variance))));
  }
}
