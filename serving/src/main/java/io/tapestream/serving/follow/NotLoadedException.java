package io.tapestream.serving.follow;

/** The version that was asked for is not loaded; the message says which ones are. */
public final class NotLoadedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  NotLoadedException(String message) {
    super(message);
  }
}
