package io.tapestream.jobs;

import java.io.Serial;
import java.util.concurrent.ExecutionException;

/** A job that was running has failed; the cause is what went wrong in it. */
public final class JobFailedException extends Exception {
  @Serial private static final long serialVersionUID = 1;

  private JobFailedException(String message, Throwable cause) {
    super(message, cause);
  }

  /** Without what Flink wraps around the reason. */
  static JobFailedException of(String job, ExecutionException failure) {
    return new JobFailedException("job " + job + " failed", Reasons.unwrapped(failure));
  }
}
