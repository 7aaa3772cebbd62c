package io.tapestream.serving.follow;

/** No version of the model can answer yet, or no longer; the message says why. */
public final class NotServingException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  NotServingException(String message) {
    super(message);
  }
}
