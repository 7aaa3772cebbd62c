package io.tapestream.clipping;

import io.tapestream.models.ParameterVector;

/**
 * Shortens the whole gradient if its norm is too large; its direction stays.
 *
 * <pre>
 * g ← g · norm / ‖g‖      if ‖g‖ &gt; norm
 * </pre>
 *
 * <p>Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks", 2013;
 * Keras's {@code global_clipnorm}.
 *
 * @param norm &gt; 0
 */
public record ClipByGlobalNorm(double norm) implements Clipping {

  /** Checks the bound. */
  public ClipByGlobalNorm {
    Gradients.requireAboveZero("norm", norm);
  }

  @Override
  public void clip(ParameterVector parameters, double divisor, double norm) {
    Gradients.shorten(parameters, 0, parameters.trainedSize(), norm, this.norm * divisor);
  }
}
