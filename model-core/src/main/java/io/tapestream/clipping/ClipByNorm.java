package io.tapestream.clipping;

import io.tapestream.models.ParameterVector;

/**
 * Shortens the gradient of each parameter tensor whose norm is too large.
 *
 * <pre>
 * g ← g · norm / ‖g‖      for each tensor with ‖g‖ &gt; norm
 * </pre>
 *
 * <p>Keras's {@code clipnorm}.
 *
 * @param norm &gt; 0
 */
public record ClipByNorm(double norm) implements Clipping {

  /** Checks the bound. */
  public ClipByNorm {
    Gradients.requireAboveZero("norm", norm);
  }

  @Override
  public void clip(ParameterVector parameters, double divisor, double norm) {
    for (ParameterVector.Entry entry : parameters.entries()) {
      if (entry.trained()) {
        int size = entry.shape().size();
        double own = Gradients.norm(parameters, entry.offset(), size);
        Gradients.shorten(parameters, entry.offset(), size, own, this.norm * divisor);
      }
    }
  }
}
