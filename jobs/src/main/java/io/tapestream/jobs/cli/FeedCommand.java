package io.tapestream.jobs.cli;

import io.tapestream.jobs.Shutdown;
import io.tapestream.jobs.SubmissionException;
import io.tapestream.jobs.Topics;
import io.tapestream.jobs.feed.CsvColumns;
import io.tapestream.jobs.feed.CsvExamples;
import io.tapestream.jobs.feed.ExampleReader;
import io.tapestream.jobs.feed.Feeder;
import io.tapestream.jobs.feed.IdxExamples;
import io.tapestream.operators.KafkaSettings;
import io.tapestream.operators.RecordFormat;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code tapestream feed}: files become records on a topic. */
@Command(
    name = "feed",
    header = "Fills a topic with training examples from IDX files or a CSV table.",
    description = {
      "%nThe i-th example goes to partition i mod partitions. A topic that is missing is created."
    },
    footer = {
      "%nExamples:",
      "  tapestream feed --topic images --idx train-images-idx3-ubyte.gz"
          + " --idx-labels train-labels-idx1-ubyte.gz",
      "  tapestream feed --topic clicks --csv clicks.csv --label clicked --format arrow"
    })
final class FeedCommand implements Callable<Integer> {
  @Option(
      names = "--bootstrap",
      description = "Kafka brokers as host:port. Default: ${DEFAULT-VALUE}.")
  private String bootstrap = "localhost:9092";

  @Option(names = "--topic", required = true, description = "The topic to fill.")
  private String topic = "";

  @Option(
      names = "--partitions",
      description = "Partitions of the topic if it is created. Default: ${DEFAULT-VALUE}.")
  private int partitions = 4;

  @Option(
      names = "--property",
      paramLabel = "KEY=VALUE",
      description = "A further Kafka client setting; may be repeated.")
  private Map<String, String> properties = new LinkedHashMap<>();

  @Option(
      names = "--format",
      defaultValue = "avro",
      description = "avro: an example a record; arrow: many. Default: ${DEFAULT-VALUE}.")
  private RecordFormat format = RecordFormat.AVRO;

  @Option(names = "--rows", description = "Examples in an Arrow record. Default: ${DEFAULT-VALUE}.")
  private int rows = Feeder.DEFAULT_ROWS_PER_RECORD;

  @Option(
      names = "--rate",
      paramLabel = "N",
      description = "Examples a second. Default: as fast as possible.")
  private double rate = Feeder.AS_FAST_AS_POSSIBLE;

  @Option(
      names = "--passes",
      paramLabel = "N",
      description = "How often the files are fed. Default: ${DEFAULT-VALUE}.")
  private int passes = 1;

  @ArgGroup(multiplicity = "1", exclusive = true)
  private Files files = new Files();

  static final class Files {
    @ArgGroup(exclusive = false, multiplicity = "1", heading = "%nFrom IDX files:%n")
    private @Nullable Idx idx;

    @ArgGroup(exclusive = false, multiplicity = "1", heading = "%nFrom a CSV table:%n")
    private @Nullable Csv csv;
  }

  static final class Idx {
    @Option(names = "--idx", required = true, paramLabel = "FILE", description = "The items.")
    private Path items = Path.of("");

    @Option(
        names = "--idx-labels",
        required = true,
        paramLabel = "FILE",
        description = "The class of each.")
    private Path labels = Path.of("");

    @Option(
        names = "--feature",
        defaultValue = "image",
        description = "Name to give to the feature. Default: ${DEFAULT-VALUE}.")
    private String feature = "image";
  }

  static final class Csv {
    @Option(
        names = "--csv",
        required = true,
        paramLabel = "FILE",
        description = "A table with the columns' names in its first line.")
    private Path table = Path.of("");

    @Option(names = "--label", split = ",", description = "Columns of the label; none: no labels.")
    private List<String> labels = List.of();

    @Option(
        names = "--features",
        split = ",",
        description = "Columns of dense features. Default: all that have no other meaning.")
    private List<String> features = List.of();

    @Option(
        names = "--vector",
        paramLabel = "NAME",
        description = "Makes the dense features one vector of this name, which trains faster.")
    private @Nullable String vector;

    @Option(
        names = "--categorical",
        split = ",",
        description = "Columns of integer ids, several in a cell separated by |.")
    private List<String> categorical = List.of();

    @Option(names = "--id", paramLabel = "COLUMN", description = "Column of the example's id.")
    private @Nullable String id;

    @Option(
        names = "--event-time",
        paramLabel = "COLUMN",
        description = "Column of the event time: ISO 8601, or milliseconds since 1970.")
    private @Nullable String eventTime;

    @Option(names = "--weight", paramLabel = "COLUMN", description = "Column of the weight.")
    private @Nullable String weight;

    @Option(names = "--ignore", split = ",", description = "Columns to pass over.")
    private List<String> ignored = List.of();

    private CsvColumns columns() {
      return new CsvColumns(labels, features, vector, categorical, id, eventTime, weight, ignored);
    }
  }

  @Override
  public Integer call() throws IOException, SubmissionException {
    open().close(); // a mistake in the files is told before a topic is created
    KafkaSettings kafka = new KafkaSettings(bootstrap, properties);
    try (Topics topics = new Topics(kafka)) {
      if (topics.createIfMissing(topic, partitions)) {
        System.out.println("Created topic " + topic + " with " + partitions + " partitions.");
      }
    }
    long start = System.nanoTime();
    try (Shutdown shutdown = new Shutdown()) {
      Feeder feeder = shutdown.closes(Feeder.connect(kafka, topic, format, rows));
      for (int pass = 0; pass < passes && !Shutdown.isUnderWay(); pass++) {
        try (ExampleReader examples = open()) {
          feeder.feed(examples, rate);
        }
      }
      double seconds = (System.nanoTime() - start) / 1e9;
      System.out.printf(
          Locale.ROOT,
          "Fed %,d examples in %,d records (%.1f MB) to %s in %.1f s.%n",
          feeder.examples(),
          feeder.records(),
          feeder.bytes() / 1e6,
          topic,
          seconds);
    }
    return 0;
  }

  private ExampleReader open() throws IOException {
    Idx idx = files.idx;
    if (idx != null) {
      return IdxExamples.open(idx.items, idx.labels, idx.feature);
    }
    Csv csv = files.csv;
    if (csv != null) {
      return CsvExamples.open(csv.table, csv.columns());
    }
    throw new IllegalArgumentException("say what is fed: --idx or --csv");
  }
}
