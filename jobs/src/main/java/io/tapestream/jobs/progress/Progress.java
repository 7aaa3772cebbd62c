package io.tapestream.jobs.progress;

import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * How far a job is, at one moment.
 *
 * @param records raw records that the weights hold, since training began
 * @param recordsPerSecond over the last seconds
 * @param round rounds that the weights hold complete
 * @param loss of the last round, measured before it was trained on; empty before the first
 * @param metrics of the last round, by name
 * @param deadLetters raw records that could not be learned from, since the tasks last started
 * @param version number of the newest published version; 0 before the first
 * @param age of that version
 */
public record Progress(
    long records,
    double recordsPerSecond,
    long round,
    OptionalDouble loss,
    Map<String, Double> metrics,
    long deadLetters,
    long version,
    Duration age) {

  /** One line, for example {@code 12,800 records 4,310/s round 100 loss 0.531 …}. */
  public String line() {
    StringBuilder line = new StringBuilder();
    line.append(
        String.format(
            Locale.ROOT, "%,d records  %,.0f/s  round %,d", records, recordsPerSecond, round));
    loss.ifPresent(value -> line.append(String.format(Locale.ROOT, "  loss %.4f", value)));
    metrics.forEach(
        (name, value) -> line.append(String.format(Locale.ROOT, "  %s %.4f", name, value)));
    if (deadLetters > 0) {
      line.append(String.format(Locale.ROOT, "  %,d dead letters", deadLetters));
    }
    if (version > 0) {
      line.append(
          String.format(
              Locale.ROOT, "  version %d (%.1f s old)", version, age.toMillis() / 1_000.0));
    }
    return line.toString();
  }
}
