package io.tapestream.jobs;

import java.io.Serial;

/**
 * A job can't be submitted as it is specified: a class or a topic is missing, or a setting does not
 * fit. Nothing was started.
 */
public final class SubmissionException extends Exception {
  @Serial private static final long serialVersionUID = 1;

  SubmissionException(String message) {
    super(message);
  }

  SubmissionException(String message, Throwable cause) {
    super(message, cause);
  }
}
