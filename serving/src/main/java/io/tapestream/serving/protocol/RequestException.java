package io.tapestream.serving.protocol;

/** A request that can't be answered: the HTTP status and what the client should know. */
public final class RequestException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int status;

  /** An error of this status, told to the client in the protocol's form. */
  public RequestException(int status, String message) {
    super(message);
    this.status = status;
  }

  /** An error of this status that is told in the words of another exception. */
  public RequestException(int status, RuntimeException cause) {
    super(cause.getMessage(), cause);
    this.status = status;
  }

  /** The HTTP status. */
  public int status() {
    return status;
  }
}
