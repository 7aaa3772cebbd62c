package io.tapestream.operators.metrics;

import java.util.Arrays;
import java.util.List;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.MeterView;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.metrics.DescriptiveStatisticsHistogram;

/**
 * Every metric that a job shows: the one place that names them. Operators register through it, so
 * that ARCHITECTURE.md's table, which is {@link #table()}, tells of all of them.
 *
 * <p>Each stands under the scope of its operator's subtask, as Flink's own metrics do. Counters
 * begin at 0 with each attempt. Times are nanoseconds of the subtask's thread; those of the source
 * and the trainer, which share a thread, never overlap, so their shares add up.
 */
public enum Measure {
  READ(Part.SOURCE, "readNanos", "ns", "taking records from the Kafka reader"),
  GATE_CLOSED(
      Part.SOURCE,
      "gateClosedNanos",
      "ns",
      "waiting for weights: a mini-batch is complete, but its gate is closed"),
  NO_DATA(Part.SOURCE, "noDataNanos", "ns", "waiting for records: no mini-batch is complete"),

  EXAMPLES(Part.TRAINER, "examples", "examples", "in the mini-batches taken, rejected ones too"),
  EXAMPLES_PER_SECOND(
      Part.TRAINER, "examplesPerSecond", "examples/s", "the same over the last 10 seconds"),
  SKIPPED_ROUNDS(
      Part.TRAINER, "skippedRounds", "rounds", "that passed without one of its partitions"),
  LOST_RECORDS(
      Part.TRAINER,
      "lostRecords",
      "offsets",
      "that the topic no longer held, and the job went on without"),
  REJECTED(Part.TRAINER, "rejected", "examples", "that left as dead letters"),
  SKIPPED_BATCHES(
      Part.TRAINER,
      "skippedBatches",
      "batches",
      "whose gradient was not finite or too large: they count for nothing"),
  STALENESS(
      Part.TRAINER,
      "staleness",
      "rounds",
      "histogram over the last 1,024 batches: rounds before a batch's own that the weights it was"
          + " computed from did not hold; never above the bound"),
  BYTES_UP(
      Part.TRAINER,
      "bytesUp",
      "bytes",
      "serialised for the parameter server, without Flink's framing"),
  DECODE(Part.TRAINER, "decodeNanos", "ns", "records into a batch's columns"),
  LOAD(Part.TRAINER, "loadNanos", "ns", "newest weights into the model"),
  FORWARD(Part.TRAINER, "forwardNanos", "ns", "predictions and loss"),
  BACKWARD(Part.TRAINER, "backwardNanos", "ns", "the gradient and its norm, and metrics"),
  PUSH(Part.TRAINER, "pushNanos", "ns", "gradient into blocks, serialised into network buffers"),

  ROUND(Part.SERVER, "round", "rounds", "that the weights hold complete"),
  ROUNDS_PER_SECOND(Part.SERVER, "roundsPerSecond", "rounds/s", "over the last 10 seconds"),
  RECORDS(Part.SERVER, "records", "records", "that the weights hold, since training began"),
  LOSS(
      Part.SERVER,
      "loss",
      "",
      "mean of the last round, each batch measured before it was trained on; NaN before the first"),

  BYTES_DOWN(
      Part.WEIGHTS, "bytesDown", "bytes", "of weights that came in, without Flink's framing"),

  UNWRITTEN_SHARDS(
      Part.WRITER,
      "versionsGivenUp",
      "versions",
      "whose weights could not be written; training goes on, the next checkpoint tries again"),
  UNWRITTEN_VERSIONS(
      Part.ASSEMBLER, "versionsGivenUp", "versions", "whose files could not be written, likewise"),

  VERSION(Part.COMMITTER, "version", "", "the newest version published; 0 before the first"),
  VERSION_AGE(
      Part.COMMITTER, "versionAgeSeconds", "s", "since it was published; NaN before the first");

  /** An operator of the training job, by the name that Flink shows. */
  public enum Part {
    /** Reads records and cuts mini-batches, behind the gate. */
    SOURCE("Batches"),
    /** Turns mini-batches into gradients. */
    TRAINER("Train"),
    /** Holds the weights. */
    SERVER("Parameter server"),
    /** Takes the weights back to the trainers. */
    WEIGHTS("Weights"),
    /** Writes a shard's weights to a file. */
    WRITER("Versions: Writer"),
    /** Joins the shards into versions. */
    ASSEMBLER("Versions: Version assembler"),
    /** Makes versions visible; Flink names it after its sink, {@code Versions}. */
    COMMITTER("Versions: Committer");

    private final String operator;

    Part(String operator) {
      this.operator = operator;
    }

    /** The operator's name in the job. */
    public String operator() {
      return operator;
    }
  }

  /** A multiple of the 5 seconds after which Flink looks at a meter. */
  private static final int METER_SECONDS = 10;

  private static final int HISTOGRAM_VALUES = 1_024;

  private final Part part;
  private final String title;
  private final String unit;
  private final String meaning;

  Measure(Part part, String title, String unit, String meaning) {
    this.part = part;
    this.title = title;
    this.unit = unit;
    this.meaning = meaning;
  }

  /** The name that it is registered under. */
  public String title() {
    return title;
  }

  /** Registers it as a counter. */
  public Counter counter(MetricGroup group) {
    return group.counter(title);
  }

  /** Registers it as a gauge, read by any thread. */
  public <T> void gauge(MetricGroup group, Gauge<T> gauge) {
    group.gauge(title, gauge);
  }

  /** Registers it as a histogram of the newest values. */
  public Histogram histogram(MetricGroup group) {
    return group.histogram(title, new DescriptiveStatisticsHistogram(HISTOGRAM_VALUES));
  }

  /** Registers it as the rate of a counter. */
  public void rate(MetricGroup group, Counter counter) {
    group.meter(title, new MeterView(counter, METER_SECONDS));
  }

  /** The metrics of one operator. */
  public static List<Measure> of(Part part) {
    return Arrays.stream(values()).filter(measure -> measure.part == part).toList();
  }

  /** All metrics as a Markdown table: operator, name, unit, meaning. */
  public static String table() {
    StringBuilder table =
        new StringBuilder("| operator | metric | unit | meaning |\n| --- | --- | --- | --- |\n");
    for (Measure measure : values()) {
      row(table, measure.part, "`" + measure.title + "`", measure.unit, measure.meaning);
      if (measure == LOSS) {
        row(table, measure.part, "each metric by its name", "", "as `loss`");
      }
    }
    return table.toString();
  }

  private static void row(StringBuilder to, Part part, String title, String unit, String meaning) {
    to.append("| ").append(String.join(" | ", part.operator, title, unit, meaning)).append(" |\n");
  }
}
