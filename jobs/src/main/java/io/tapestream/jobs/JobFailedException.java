package io.tapestream.jobs;

import java.io.Serial;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.flink.runtime.JobException;
import org.apache.flink.runtime.client.JobExecutionException;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.util.SerializedThrowable;

/** A job that was running has failed; the cause is what went wrong in it. */
public final class JobFailedException extends Exception {
  @Serial private static final long serialVersionUID = 1;

  private JobFailedException(String message, Throwable cause) {
    super(message, cause);
  }

  static JobFailedException of(String job, ExecutionException failure) {
    return new JobFailedException("job " + job + " failed", unwrapped(failure));
  }

  /** A failure's messages, the outermost first, without what Flink wraps around them. */
  static String reasons(Throwable failure) {
    Set<String> messages = new LinkedHashSet<>();
    for (Throwable cause = unwrapped(failure); cause != null; cause = cause.getCause()) {
      messages.add(cause.getMessage() == null ? cause.toString() : cause.getMessage());
    }
    return String.join("; because ", messages);
  }

  private static Throwable unwrapped(Throwable failure) {
    Throwable reason = failure;
    while (reason.getCause() != null
        && (reason instanceof ExecutionException
            || reason instanceof JobExecutionException
            || reason instanceof SuppressRestartsException
            || reason instanceof JobException)) {
      reason = reason.getCause();
      if (reason instanceof SerializedThrowable serialized) {
        reason = serialized.deserializeError(JobFailedException.class.getClassLoader());
      }
    }
    return reason;
  }
}
