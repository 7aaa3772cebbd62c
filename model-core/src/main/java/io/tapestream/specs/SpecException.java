package io.tapestream.specs;

/** A specification that names nothing that can be made; the message says where and why. */
public final class SpecException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  SpecException(String message, Throwable cause) {
    super(message, cause);
  }
}
