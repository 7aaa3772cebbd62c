package io.tapestream.parameterserver;

/** What one block of the parameter server tells trainers. */
public sealed interface Reply permits Weights, WeightPart, RoundSum, Stopped {

  /** The block that tells it. */
  int block();
}
