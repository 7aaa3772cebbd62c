package io.tapestream.clipping;

import io.tapestream.models.ParameterVector;

/** No bound. */
record Unclipped() implements Clipping {

  @Override
  public void clip(ParameterVector parameters, double divisor, double norm) {}
}
