package io.tapestream.parameterserver;

/**
 * An update that would have made a value or a slot infinite or NaN. It was not applied; the block's
 * round stays open, so the block is of no further use and the attempt must end.
 */
public final class NonFiniteException extends ArithmeticException {

  private static final long serialVersionUID = 1L;

  NonFiniteException(String message) {
    super(message);
  }
}
