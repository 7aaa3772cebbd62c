package io.tapestream.serving.follow;

/** A request waited longer than it may, or found too many waiting before it. */
public final class OverloadedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  OverloadedException(String message) {
    super(message);
  }
}
