package io.tapestream.jobs.cluster;

import java.io.Serial;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An exception of another process, as its stack trace tells it.
 *
 * <pre>
 * org.apache.flink.runtime.JobException: Recovery is suppressed by …      what wraps: left out
 *     at …
 * Caused by: java.lang.IllegalStateException: the reason                  a cause
 *     at …
 * </pre>
 */
final class ToldException extends Exception {
  @Serial private static final long serialVersionUID = 1;

  private static final Pattern NAMED =
      Pattern.compile("(?:Caused by: )?([\\w$]+(?:\\.[\\w$]+)+)(?:: (.*))?", Pattern.DOTALL);

  /** Simple names of what Flink puts around a reason. */
  private static final Set<String> WRAPPERS =
      Set.of(
          "JobException",
          "JobExecutionException",
          "SuppressRestartsException",
          "CompletionException",
          "ExecutionException",
          "SerializedThrowable");

  private static final Set<String> MISSING_CLASS =
      Set.of("NoClassDefFoundError", "ClassNotFoundException");

  private ToldException(String message, @Nullable Throwable cause) {
    super(message, cause, false, false);
  }

  /** The outermost exception with its causes; never null, whatever the text. */
  static Throwable of(String stackTrace) {
    List<Told> causes = new ArrayList<>();
    for (String paragraph : stackTrace.split("\n(?=Caused by: )", -1)) {
      String told = paragraph.split("\n\\s+(?:at |\\.\\.\\. \\d)", 2)[0].trim();
      Matcher named = NAMED.matcher(told);
      if (!named.matches()) {
        causes.add(new Told("", told));
      } else {
        String type = named.group(1).substring(named.group(1).lastIndexOf('.') + 1);
        if (!WRAPPERS.contains(type)) {
          causes.add(new Told(type, named.group(2) == null ? type : named.group(2)));
        }
      }
    }
    Throwable chain = null;
    for (int i = causes.size() - 1; i >= 0; i--) {
      chain = causes.get(i).after(chain);
    }
    return chain == null ? new ToldException(stackTrace.trim(), null) : chain;
  }

  /** One exception of the chain. */
  private record Told(String type, String message) {

    /** A class that is missing there says no more than its name, so its kind is kept. */
    Throwable after(@Nullable Throwable cause) {
      return MISSING_CLASS.contains(type)
          ? new ClassNotFoundException(message, cause)
          : new ToldException(message, cause);
    }
  }
}
