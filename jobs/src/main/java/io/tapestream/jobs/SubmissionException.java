package io.tapestream.jobs;

import java.io.Serial;

/** A broker does not answer, or refuses what a job needs of it. Nothing was started. */
public final class SubmissionException extends Exception {
  @Serial private static final long serialVersionUID = 1;

  SubmissionException(String message) {
    super(message);
  }

  SubmissionException(String message, Throwable cause) {
    super(message, cause);
  }
}
