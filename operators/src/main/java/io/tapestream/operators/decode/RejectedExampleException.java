package io.tapestream.operators.decode;

/** Ends the decoding of one example; caught by {@link ExampleDecoder}, never thrown to others. */
final class RejectedExampleException extends Exception {
  private static final long serialVersionUID = 1L;

  private final Reason reason;

  RejectedExampleException(Reason reason, String detail) {
    super(detail, null, false, false); // no stack trace: bad records may come in floods
    this.reason = reason;
  }

  Reason reason() {
    return reason;
  }
}
