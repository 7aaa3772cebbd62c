package io.tapestream.tensor;

/** The type of a tensor's elements. */
public enum DType {
  /** IEEE 754 single precision, 4 bytes: what training runs in. */
  FLOAT32(4),
  /** IEEE 754 double precision, 8 bytes: what gradients are checked in. */
  FLOAT64(8),
  /** Signed 64-bit integers: ids and class indices. Integers carry no gradient. */
  INT64(8);

  private final int bytes;

  DType(int bytes) {
    this.bytes = bytes;
  }

  /** Bytes of one element. */
  public int bytes() {
    return bytes;
  }

  /** Whether elements are real numbers, so that a gradient can flow through them. */
  public boolean isFloating() {
    return this != INT64;
  }
}
