package io.tapestream.benchmarks.serving;

import io.tapestream.layers.ActivationFunction;
import io.tapestream.layers.Dense;
import io.tapestream.models.ParameterVector;
import io.tapestream.models.Sequential;
import io.tapestream.tensor.Shape;
import java.util.Arrays;

/**
 * A perceptron of 784-256-128-10 whose answer tells the version of each of its layers. All weights
 * but one in each layer are 0, and that one is 1, so an example of zeros is answered by the sum of
 * three biases:
 *
 * <pre>
 * answer = version + 256 · version + 65,536 · version, of the first, second and third layer
 * </pre>
 *
 * <p>which a float holds exactly for versions up to 255, and whose digits to the base 256 are equal
 * only if the layers are of one version.
 */
final class TellingModel {
  static final int INPUTS = 784;
  static final int MOST_VERSIONS = 255;
  private static final int BASE = 256;

  private final Sequential model =
      Sequential.of(
          new Dense(256, ActivationFunction.RELU),
          new Dense(128, ActivationFunction.RELU),
          new Dense(10));

  TellingModel() {
    model.build(Shape.of(INPUTS), 1);
  }

  /** The model with a version's parameters. */
  Sequential of(long version) {
    ParameterVector parameters = model.parameters();
    float[] values = new float[parameters.size()];
    long bias = version;
    for (ParameterVector.Entry entry : parameters.entries()) {
      if (entry.shape().rank() == 2) {
        for (int column = 0; column < entry.shape().dim(1); column++) {
          values[entry.offset() + column] = 1; // the first row: what the first unit gives
        }
      } else {
        Arrays.fill(values, entry.offset(), entry.offset() + entry.shape().size(), (float) bias);
        bias *= BASE;
      }
    }
    parameters.values().write(0, values, 0, values.length);
    return model;
  }

  /** The version that an answer is of; 0 if of more than one. */
  static long versionOf(double answer) {
    long whole = Math.round(answer);
    long first = whole % BASE;
    boolean one = whole == first * (1 + BASE + (long) BASE * BASE) && whole == answer;
    return one ? first : 0;
  }
}
