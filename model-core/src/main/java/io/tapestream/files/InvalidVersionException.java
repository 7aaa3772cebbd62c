package io.tapestream.files;

import java.io.IOException;

/**
 * A published version that must not be used: its message says which file is wrong, what was
 * expected and what was found.
 */
public final class InvalidVersionException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Says what is wrong with the version. */
  public InvalidVersionException(String message) {
    super(message);
  }

  /** Says what is wrong with the version, and keeps the error that showed it. */
  public InvalidVersionException(String message, Throwable cause) {
    super(message, cause);
  }
}
