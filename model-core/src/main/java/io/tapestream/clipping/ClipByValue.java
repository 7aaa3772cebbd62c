package io.tapestream.clipping;

import io.tapestream.models.ParameterVector;

/**
 * Brings each element of the gradient into an interval.
 *
 * <pre>
 * g ← min(max(g, −value), value)
 * </pre>
 *
 * <p>Keras's {@code clipvalue}.
 *
 * @param value &gt; 0
 */
public record ClipByValue(double value) implements Clipping {

  /** Checks the bound. */
  public ClipByValue {
    Gradients.requireAboveZero("value", value);
  }

  @Override
  public void clip(ParameterVector parameters, double divisor, double norm) {
    float bound = (float) (value * divisor);
    Gradients.replace(
        parameters, 0, parameters.trainedSize(), g -> Math.min(Math.max(g, -bound), bound));
  }
}
