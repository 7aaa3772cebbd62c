package io.tapestream.backend;

/** What a window does at the border of an image. */
public enum Padding {
  /** No border: only windows that lie inside the image. */
  VALID,
  /**
   * As many windows as {@code ⌈length / stride⌉}; the border needed for that is split between both
   * sides, an odd remainder goes to the bottom and the right (as Keras does).
   */
  SAME
}
