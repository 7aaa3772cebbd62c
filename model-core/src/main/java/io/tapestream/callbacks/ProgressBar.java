package io.tapestream.callbacks;

import io.tapestream.training.Callback;
import io.tapestream.training.Training;
import java.io.PrintStream;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/**
 * Shows how a run goes: on a terminal a bar that moves, elsewhere one line an epoch.
 *
 * <pre>
 * 118/188 ━━━━━━━━━━━━━━━━━━────────────  4.2 ms/step  loss 0.3120  accuracy 0.8911
 * epoch 3/10   188 steps  0.8 s  4.2 ms/step  loss 0.3098  accuracy 0.8920  val_loss 0.3544
 * </pre>
 */
public final class ProgressBar implements Callback {
  private static final int WIDTH = 30;
  private static final long REDRAW_NANOS = 100_000_000;

  private final PrintStream out;
  private final boolean terminal;
  private final LongSupplier nanoTime;
  private long began;
  private long drawn;
  private int steps;
  private int longest;

  /** On standard output; the bar moves if that is a terminal. */
  @SuppressWarnings("SystemConsoleNull") // on JDK 17 it is null where there is no terminal
  public ProgressBar() {
    this(System.out, System.console() != null, System::nanoTime);
  }

  /**
   * Elsewhere.
   *
   * @param terminal whether a line may be written over
   * @param nanoTime as {@link System#nanoTime}
   */
  public ProgressBar(PrintStream out, boolean terminal, LongSupplier nanoTime) {
    this.out = out;
    this.terminal = terminal;
    this.nanoTime = nanoTime;
  }

  @Override
  public void onEpochBegin(Training training, int epoch) {
    began = nanoTime.getAsLong();
    drawn = began;
    steps = 0;
    longest = 0;
  }

  @Override
  public void onBatchEnd(Training training, int batch, Map<String, Double> values) {
    steps = batch + 1;
    long now = nanoTime.getAsLong();
    if (!terminal || now - drawn < REDRAW_NANOS) {
      return;
    }
    drawn = now;
    int total = training.batches().orElse(0);
    String done = total == 0 ? steps + " steps" : steps + "/" + total + " " + bar(steps, total);
    draw(done + perStep(now) + text(values), "");
  }

  @Override
  public void onEpochEnd(Training training, int epoch, Map<String, Double> values) {
    long now = nanoTime.getAsLong();
    String line =
        String.format(
            Locale.ROOT,
            "epoch %d/%d   %d steps  %.1f s",
            epoch + 1,
            training.options().epochs(),
            steps,
            (now - began) / 1e9);
    draw(line + perStep(now) + text(values), System.lineSeparator());
  }

  /** Writes a line, over the one before it on a terminal. */
  private void draw(String line, String end) {
    String blanks = " ".repeat(Math.max(0, longest - line.length()));
    longest = Math.max(longest, line.length());
    out.print((terminal ? "\r" : "") + line + (terminal ? blanks : "") + end);
    out.flush();
  }

  private String perStep(long now) {
    return steps == 0
        ? ""
        : String.format(Locale.ROOT, "  %.1f ms/step", (now - began) / 1e6 / steps);
  }

  private static String bar(int steps, int total) {
    int filled = (int) ((long) WIDTH * steps / total);
    return "━".repeat(filled) + "─".repeat(WIDTH - filled);
  }

  private static String text(Map<String, Double> values) {
    return values.entrySet().stream()
        .map(v -> String.format(Locale.ROOT, "  %s %.4f", v.getKey(), v.getValue()))
        .collect(Collectors.joining());
  }
}
