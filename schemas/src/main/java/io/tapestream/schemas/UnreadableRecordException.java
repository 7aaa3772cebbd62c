package io.tapestream.schemas;

import java.io.IOException;

/** A record's bytes could not be read: truncated, damaged, or of a kind that is not known here. */
public class UnreadableRecordException extends IOException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes the exception.
   *
   * @param message what was found and what was expected
   */
  public UnreadableRecordException(String message) {
    super(message);
  }

  /**
   * Makes the exception.
   *
   * @param message what was found and what was expected
   * @param cause what the underlying reader said
   */
  public UnreadableRecordException(String message, Throwable cause) {
    super(message, cause);
  }
}
