package io.tapestream.jobs;

import java.io.Serial;
import java.util.concurrent.ExecutionException;
import org.apache.flink.runtime.JobException;
import org.apache.flink.runtime.client.JobExecutionException;
import org.apache.flink.util.SerializedThrowable;

/** A job that was running has failed; the cause is what went wrong in it. */
public final class JobFailedException extends Exception {
  @Serial private static final long serialVersionUID = 1;

  private JobFailedException(String message, Throwable cause) {
    super(message, cause);
  }

  /** Without what Flink wraps around the reason. */
  static JobFailedException of(String job, ExecutionException failure) {
    Throwable reason = failure;
    while (reason.getCause() != null
        && (reason instanceof ExecutionException
            || reason instanceof JobExecutionException
            || reason instanceof JobException)) {
      reason = reason.getCause();
      if (reason instanceof SerializedThrowable serialized) {
        reason = serialized.deserializeError(JobFailedException.class.getClassLoader());
      }
    }
    return new JobFailedException("job " + job + " failed", reason);
  }
}
