package io.tapestream.jobs.progress;

import java.io.PrintStream;
import java.time.Duration;

/**
 * Shows one line that changes in place on a terminal; where there is none, now and then a line of
 * its own. Messages in between stand above it. Safe for several threads.
 */
public final class ProgressLine implements AutoCloseable {
  private static final String CLEAR = "\r\u001b[K";

  private final PrintStream out;
  private final boolean inPlace;
  private final Duration pause;
  private String shown = "";
  private long shownAt;
  private boolean ended;

  /**
   * A line that shows nothing yet.
   *
   * @param inPlace whether {@code out} is a terminal that can clear a line
   * @param pause between two lines where it is not
   */
  public ProgressLine(PrintStream out, boolean inPlace, Duration pause) {
    this.out = out;
    this.inPlace = inPlace;
    this.pause = pause;
    this.shownAt = System.nanoTime() - pause.toNanos();
  }

  /** On standard output, in place if that is a terminal, else a line every five seconds. */
  @SuppressWarnings("SystemConsoleNull") // JDK 17 answers null where there is no terminal
  public static ProgressLine standard() {
    String terminal = System.getenv("TERM");
    boolean inPlace =
        System.console() != null
            && terminal != null
            && !terminal.isEmpty()
            && !terminal.equals("dumb");
    return new ProgressLine(System.out, inPlace, Duration.ofSeconds(5));
  }

  /** Shows the newest state. */
  public synchronized void show(String line) {
    if (ended) {
      return;
    }
    if (inPlace) {
      shown = line;
      out.print(CLEAR + line);
      out.flush();
    } else if (System.nanoTime() - shownAt >= pause.toNanos()) {
      shownAt = System.nanoTime();
      out.println(line);
    }
  }

  /** Prints a line that stays. */
  public synchronized void message(String line) {
    if (shown.isEmpty()) {
      out.println(line);
    } else {
      out.println(CLEAR + line);
      out.print(shown);
    }
    out.flush();
  }

  /** Leaves the last state where it stands; later states are not shown. */
  @Override
  public synchronized void close() {
    if (!shown.isEmpty()) {
      out.println();
      shown = "";
    }
    out.flush();
    ended = true;
  }
}
