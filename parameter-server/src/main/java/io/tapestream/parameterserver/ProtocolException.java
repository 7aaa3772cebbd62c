package io.tapestream.parameterserver;

/**
 * A message that the protocol does not allow: repeated, lost before, too early, or of the wrong
 * shape. The block it was sent to is unchanged. Training cannot go on from here, since a record
 * would count twice or never.
 */
public final class ProtocolException extends IllegalStateException {

  private static final long serialVersionUID = 1L;

  ProtocolException(String message) {
    super(message);
  }
}
