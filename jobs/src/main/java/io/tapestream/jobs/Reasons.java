package io.tapestream.jobs;

import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.regex.Pattern;
import org.apache.flink.client.program.ProgramInvocationException;
import org.apache.flink.runtime.JobException;
import org.apache.flink.runtime.client.JobExecutionException;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.util.SerializedThrowable;
import org.jspecify.annotations.Nullable;

/** What an error says to people: its messages and its causes', none of them twice. */
public final class Reasons {
  /** What Flink says around a source's own error. */
  private static final String COORDINATOR = "Global failure triggered by OperatorCoordinator";

  /**
   * Classes of which a process has one copy: all of ours and below but what each job brings along.
   */
  private static final Pattern OF_THE_CLUSTER =
      Pattern.compile(
          "(io\\.tapestream\\.(?!operators\\.|parameterserver\\.|schemas\\.|jobs\\.|serving\\.)"
              + "|org\\.nd4j\\.|org\\.bytedeco\\.|com\\.fasterxml\\.jackson\\.)[\\w.$]+");

  private Reasons() {}

  /** The messages, the outermost first, without what only wraps another. */
  public static List<String> of(Throwable error) {
    List<String> messages = new ArrayList<>();
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      String message = message(cause);
      if (!isWrapper(cause) && messages.stream().noneMatch(told -> told.contains(message))) {
        messages.add(message);
      }
    }
    return messages;
  }

  /** The error below everything that only wraps it. */
  static Throwable unwrapped(Throwable error) {
    Throwable reason = plain(error);
    while (isWrapper(reason) && reason.getCause() != null) {
      reason = plain(reason.getCause());
    }
    return reason;
  }

  /** The error of a kind in a chain of causes; null if there is none. */
  static <T extends Throwable> @Nullable T find(Throwable error, Class<T> kind) {
    for (Throwable cause = plain(error); cause != null; ) {
      if (kind.isInstance(cause)) {
        return kind.cast(cause);
      }
      Throwable next = cause.getCause();
      cause = next == null ? null : plain(next);
    }
    return null;
  }

  private static boolean isWrapper(Throwable error) {
    return error.getCause() != null
        && (error instanceof ExecutionException
            || error instanceof JobExecutionException
            || error instanceof SuppressRestartsException
            || error instanceof JobException
            || error instanceof ProgramInvocationException
            || message(error).startsWith(COORDINATOR)
            || message(error).equals(error.getCause().toString()));
  }

  private static Throwable plain(Throwable error) {
    return error instanceof SerializedThrowable serialized
        ? serialized.deserializeError(Reasons.class.getClassLoader())
        : error;
  }

  private static String message(Throwable error) {
    if (error instanceof NoClassDefFoundError || error instanceof ClassNotFoundException) {
      return missingClass(String.valueOf(error.getMessage()));
    }
    if (error instanceof NoSuchFileException missing) {
      return "there is no file " + missing.getFile();
    }
    return error.getMessage() == null ? error.getClass().getSimpleName() : error.getMessage();
  }

  /** A task manager of another cluster may lack what every process of ours has. */
  private static String missingClass(String told) {
    if (told.indexOf(' ') >= 0) {
      return told; // it is there, but has failed before
    }
    String name = told.replace('/', '.');
    return OF_THE_CLUSTER.matcher(name).matches()
        ? "the cluster's class path lacks "
            + name
            + ": put model-core and its libraries into Flink's lib folder on the job manager and on"
            + " each task manager, as the README says under \"On a cluster\", and start them again"
        : "a class is missing: " + name;
  }
}
