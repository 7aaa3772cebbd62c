package io.tapestream.clipping;

import io.tapestream.models.ParameterVector;
import java.io.Serializable;

/**
 * A bound on a batch's gradient: what is beyond it is brought back to it before an optimizer sees
 * it. A rule is an immutable record and works on the whole vector, so its result does not depend on
 * how the vector is cut into blocks or shards. Norms are computed in double, in the vector's order.
 */
public interface Clipping extends Serializable {

  /** Leaves every gradient as it is. */
  Clipping NONE = new Unclipped();

  /**
   * Clips the trained parameters' gradients in place.
   *
   * @param divisor what the gradient that lies there will be divided by: the batch's weight for a
   *     mean loss, else 1. The bound is on the quotient; above 0
   * @param norm √Σg² of the gradient that lies there, undivided; finite
   */
  void clip(ParameterVector parameters, double divisor, double norm);
}
