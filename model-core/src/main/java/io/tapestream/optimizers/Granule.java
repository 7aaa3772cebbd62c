package io.tapestream.optimizers;

/** The smallest piece of the parameters whose update needs no other piece. */
public enum Granule {
  /** Each weight is updated by itself, so a tensor may be cut anywhere. */
  ELEMENT,
  /** A tensor's update needs all of its elements (a norm, a factorisation), so it stays whole. */
  TENSOR
}
