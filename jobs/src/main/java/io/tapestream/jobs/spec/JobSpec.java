package io.tapestream.jobs.spec;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.tapestream.clipping.ClipByGlobalNorm;
import io.tapestream.clipping.ClipByNorm;
import io.tapestream.clipping.ClipByValue;
import io.tapestream.clipping.Clipping;
import io.tapestream.parameterserver.RoundClipping;
import io.tapestream.parameterserver.compression.Compression;
import io.tapestream.parameterserver.consistency.Consistency;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a training job is asked to do, as its YAML file says it. {@link #read} finds every mistake
 * that can be found without loading a class or asking a broker; defaults are stated in one place,
 * {@link #table()}.
 *
 * <pre>
 * name: fashion
 * source: {bootstrap: "localhost:9092", topic: images}
 * input: {features: [image], shape: [28, 28, 1]}
 * model: {class: com.example.LeNet}
 * loss: {type: SparseCategoricalCrossEntropy, fromLogits: true}
 * publish: {directory: models}
 * </pre>
 *
 * @param name of the job
 * @param source where records come from
 * @param input how a record becomes an example
 * @param model the model's specification, {@code {type, settings}}; a Sequential for a list of
 *     layers
 * @param start directory of the version whose weights a fresh job starts from; null for initial
 *     ones
 * @param loss specification, {@code {type, settings}}
 * @param optimizer specification, {@code {type, settings}}
 * @param metrics specifications, {@code {type, settings}}
 * @param batchSize examples in a mini-batch of one partition
 * @param seed of initial weights and random layers
 * @param pieceRows rows of a mini-batch computed at a time
 * @param consistency how far partitions may run apart
 * @param guard which batches are skipped
 * @param clipping bounds the gradient of each batch
 * @param roundClipping bounds the gradient of each round; null if nothing does
 * @param compression how gradients travel to the shards
 * @param parallelism how many of each
 * @param checkpoints when, where and how
 * @param restart what follows a failure
 * @param publish where versions go
 * @param deadLetters topic for records that can't be learned from
 * @param digest SHA-256 of the settings that count, in lower-case hexadecimal digits
 * @param lines where the keys stand in the file
 */
public record JobSpec(
    String name,
    Source source,
    Input input,
    JsonNode model,
    @Nullable String start,
    JsonNode loss,
    JsonNode optimizer,
    List<JsonNode> metrics,
    int batchSize,
    long seed,
    int pieceRows,
    Consistency consistency,
    Guard guard,
    Clipping clipping,
    @Nullable RoundClipping roundClipping,
    Compression compression,
    Parallelism parallelism,
    Checkpoints checkpoints,
    Restart restart,
    Publish publish,
    String deadLetters,
    String digest,
    Lines lines) {

  private static final Pattern MODEL_NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]*");

  private static final Pattern OFFSET = Pattern.compile("offset (\\d{1,18})");

  /** Where every partition starts or ends. */
  public sealed interface Position {
    /** The first record the broker still has. */
    record Earliest() implements Position {}

    /** After the last record that is there when the job starts. */
    record Latest() implements Position {}

    /** The first record at or after a time. */
    record At(Instant time) implements Position {}

    /** The record with this offset; as an end, the first that is not read. */
    record Offset(long offset) implements Position {}

    /** A partition that does not end. */
    record Never() implements Position {}
  }

  /**
   * Where records come from.
   *
   * @param bootstrap brokers as {@code host:port}, separated by commas
   * @param format {@code avro} or {@code arrow}
   * @param properties further Kafka client settings
   * @param group under which learned offsets are committed; null commits none
   * @param policies for a topic that changes, or does not keep pace with training
   */
  public record Source(
      String bootstrap,
      String topic,
      String format,
      Position start,
      Position stop,
      Map<String, String> properties,
      @Nullable String group,
      Policies policies) {}

  /**
   * What is done where the topic changes, or does not keep pace with training.
   *
   * @param discovery how often added partitions are looked for; empty never looks
   * @param skipAfter after how long rounds pass without a partition that has no full batch; empty
   *     waits for it
   * @param linger after how long a batch that is not full leaves as it is; empty keeps it until it
   *     is full
   * @param acceptLost whether a restored job goes on without records that the topic no longer holds
   * @param acceptRecreated whether a restored job takes a topic of another id for the same one
   */
  public record Policies(
      Optional<Duration> discovery,
      Optional<Duration> skipAfter,
      Optional<Duration> linger,
      boolean acceptLost,
      boolean acceptRecreated) {
    /** What a file that names none of them asks for. */
    public static final Policies DEFAULT =
        new Policies(
            requireNonNull(Keys.DISCOVERY.fallback()),
            requireNonNull(Keys.IDLE.fallback()),
            requireNonNull(Keys.LINGER.fallback()),
            false,
            false);
  }

  /**
   * How a record becomes an example.
   *
   * @param shape of one example, without the batch axis
   * @param labels label values of an example
   * @param classes names of a classifier's classes; may be empty
   */
  public record Input(
      List<String> features, List<Integer> shape, int labels, List<String> classes) {}

  /**
   * Which batches are skipped.
   *
   * @param maxGradientNorm the largest norm of a gradient that counts
   * @param stopAfter batches skipped in a row after which the job stops
   * @param resumes whether it is submitted again then, from the last good version
   */
  public record Guard(double maxGradientNorm, long stopAfter, boolean resumes) {}

  /**
   * How many of each.
   *
   * @param trainers subtasks that read and train
   * @param shards subtasks of the parameter server
   * @param threads of one trainer's step
   * @param maximum most shards the job can ever be restored with
   * @param blockFloats parameters in a block
   */
  public record Parallelism(int trainers, int shards, int threads, int maximum, int blockFloats) {

    /** Task slots that the job takes. */
    public int slots() {
      return Math.max(trainers, shards);
    }
  }

  /**
   * When, where and how state is kept.
   *
   * @param directory a path or a URI
   * @param tolerate so many checkpoints in a row may fail before the job restarts
   * @param backend {@code hashmap} or {@code rocksdb}
   */
  public record Checkpoints(Duration interval, String directory, int tolerate, String backend) {}

  /**
   * What follows a failure.
   *
   * @param attempts restarts in a row before the job fails
   * @param delay before the first restart
   */
  public record Restart(int attempts, Duration delay) {}

  /**
   * Where versions go.
   *
   * @param keep newest versions that are kept
   * @param keepAge younger ones are kept beside them; empty keeps none for its age
   * @param everyRounds least rounds between versions
   * @param weightFileMib largest file of weights, in MiB
   * @param signingKey file with the key that versions are signed with; null signs none
   * @param announcements topic of announcements; null announces nothing
   * @param onnx whether a version also has its model as an ONNX file
   */
  public record Publish(
      String directory,
      String name,
      int keep,
      Optional<Duration> keepAge,
      long everyRounds,
      int weightFileMib,
      @Nullable String signingKey,
      @Nullable String announcements,
      boolean onnx) {}

  /**
   * Reads a specification.
   *
   * @throws InvalidSpecException listing every mistake with its line, its key and the fix
   * @throws IOException if the file can't be read
   */
  public static JobSpec read(Path file) throws IOException, InvalidSpecException {
    return parse(Files.readString(file), file.toString());
  }

  /**
   * Reads a specification from its text.
   *
   * @param file what the text is called in errors
   * @throws InvalidSpecException listing every mistake with its line, its key and the fix
   */
  public static JobSpec parse(String text, String file) throws InvalidSpecException {
    Document document = new Document(text);
    if (!document.problems().isEmpty() && !document.has("name") && !document.has("source")) {
      throw new InvalidSpecException(file, document.problems()); // it isn't YAML, or no job
    }
    JobSpec spec = assemble(document, document.lines(file));
    if (!document.problems().isEmpty()) {
      throw new InvalidSpecException(file, document.problems());
    }
    return spec;
  }

  /**
   * Every key of a specification with the value that counts, in the order of {@link #table()}.
   *
   * @throws InvalidSpecException as {@link #parse} does
   */
  public static List<Setting> effective(String text, String file) throws InvalidSpecException {
    JobSpec spec = parse(text, file);
    return new Document(text).settings(spec.publish().name(), spec.deadLetters());
  }

  /** Every key with its default and its meaning, as a Markdown table. */
  public static String table() {
    return Keys.table();
  }

  private static JobSpec assemble(Document document, Lines lines) {
    String name = document.get(Keys.NAME);
    String topic = document.get(Keys.TOPIC);
    Source source =
        new Source(
            document.get(Keys.BOOTSTRAP),
            topic,
            document.get(Keys.FORMAT),
            position(document, Keys.START, "never"),
            position(document, Keys.STOP, "earliest"),
            document.get(Keys.PROPERTIES),
            document.find(Keys.GROUP).orElse(null),
            new Policies(
                document.get(Keys.DISCOVERY),
                document.get(Keys.IDLE),
                document.get(Keys.LINGER),
                document.get(Keys.LOST_RECORDS).equals("accept"),
                document.get(Keys.RECREATED).equals("accept")));
    Input input =
        new Input(
            document.get(Keys.FEATURES),
            document.get(Keys.SHAPE),
            document.get(Keys.LABELS),
            document.get(Keys.CLASSES));
    Parallelism parallelism =
        new Parallelism(
            document.get(Keys.TRAINERS),
            document.get(Keys.SHARDS),
            document.get(Keys.THREADS),
            document.get(Keys.MAX_PARALLELISM),
            document.get(Keys.BLOCK_FLOATS));
    if (parallelism.shards() > parallelism.maximum()) {
      document.complain(
          Keys.SHARDS.path(),
          parallelism.shards() + " is more than parallelism.maximum, " + parallelism.maximum(),
          "Lower it, or raise parallelism.maximum before the job's first start");
    }
    Publish publish = publish(document, name);
    String deadLetters = deadLetters(document, topic);
    return new JobSpec(
        name,
        source,
        input,
        model(document),
        document.find(Keys.MODEL_START).orElse(null),
        document.get(Keys.LOSS),
        document.get(Keys.OPTIMIZER),
        document.get(Keys.METRICS),
        document.get(Keys.BATCH_SIZE),
        document.get(Keys.SEED),
        document.get(Keys.PIECE_ROWS),
        document.get(Keys.CONSISTENCY),
        guard(document),
        clipping(document),
        roundClipping(document),
        document.get(Keys.COMPRESSION),
        parallelism,
        new Checkpoints(
            document.get(Keys.INTERVAL),
            document.get(Keys.CHECKPOINT_DIRECTORY),
            document.get(Keys.TOLERATE),
            document.get(Keys.BACKEND)),
        new Restart(document.get(Keys.RESTART_ATTEMPTS), document.get(Keys.RESTART_DELAY)),
        publish,
        deadLetters,
        Canonical.digest(document.settings(publish.name(), deadLetters)),
        lines);
  }

  private static JsonNode model(Document document) {
    JsonNodeFactory nodes = JsonNodeFactory.instance;
    Optional<String> type = document.find(Keys.MODEL_CLASS);
    Optional<List<JsonNode>> layers = document.find(Keys.LAYERS);
    boolean both = document.has(Keys.MODEL_CLASS.path()) && document.has(Keys.LAYERS.path());
    boolean neither = !document.has(Keys.MODEL_CLASS.path()) && !document.has(Keys.LAYERS.path());
    if (both || (neither && document.isSection("model"))) {
      document.complain(
          "model",
          both ? "has both a class and layers" : "is missing",
          both
              ? "Keep one of them"
              : "Name a class, model.class: com.example.LeNet, or list model.layers");
    }
    if (layers.isPresent()) {
      return nodes
          .objectNode()
          .put("type", "Sequential")
          .set(
              "settings", nodes.objectNode().set("layers", nodes.arrayNode().addAll(layers.get())));
    }
    return nodes
        .objectNode()
        .put("type", type.orElse(""))
        .set("settings", document.get(Keys.MODEL_SETTINGS));
  }

  private static Guard guard(Document document) {
    int stopAfter = document.get(Keys.STOP_AFTER);
    return new Guard(
        document.get(Keys.MAX_GRADIENT_NORM),
        stopAfter == 0 ? Long.MAX_VALUE : stopAfter,
        document.get(Keys.THEN).equals("resume"));
  }

  private static Clipping clipping(Document document) {
    List<Clipping> given =
        Stream.of(
                document.find(Keys.CLIP_VALUE).map(ClipByValue::new),
                document.find(Keys.CLIP_NORM).map(ClipByNorm::new),
                document.find(Keys.CLIP_GLOBAL_NORM).map(ClipByGlobalNorm::new))
            .<Clipping>flatMap(Optional::stream)
            .toList();
    if (given.size() > 1) {
      document.complain("clip", "has more than one bound", "Keep one of value, norm, globalNorm");
    }
    return given.isEmpty() ? Clipping.NONE : given.get(0);
  }

  private static @Nullable RoundClipping roundClipping(Document document) {
    Optional<RoundClipping> given = document.find(Keys.CLIP_ROUND_NORM).map(RoundClipping::new);
    Consistency consistency = document.get(Keys.CONSISTENCY);
    if (given.isPresent() && !consistency.sumsRounds()) {
      document.complain(
          Keys.CLIP_ROUND_NORM.path(),
          "has no sum to clip: %s applies batches one by one".formatted(consistency),
          "Bound each batch with clip.globalNorm, or set consistency: synchronous");
    }
    return given.orElse(null);
  }

  private static Publish publish(Document document, String jobName) {
    String name = document.find(Keys.PUBLISH_NAME).orElse(jobName);
    if (!MODEL_NAME.matcher(name).matches()) {
      document.complain(
          document.has(Keys.PUBLISH_NAME.path()) ? Keys.PUBLISH_NAME.path() : Keys.NAME.path(),
          "\"" + name + "\" can't be a directory and a part of a URL",
          "Use letters, digits, '_', '-' and '.', and start with a letter or a digit");
    }
    return new Publish(
        document.get(Keys.PUBLISH_DIRECTORY),
        name,
        document.get(Keys.KEEP),
        document.get(Keys.KEEP_AGE),
        document.get(Keys.EVERY_ROUNDS),
        document.get(Keys.WEIGHT_FILE_MIB),
        document.find(Keys.SIGNING_KEY).orElse(null),
        document.find(Keys.ANNOUNCEMENTS).orElse(null),
        document.get(Keys.ONNX));
  }

  private static String deadLetters(Document document, String topic) {
    String deadLetters = document.find(Keys.DEAD_LETTERS).orElse(topic + ".dead-letters");
    if (deadLetters.equals(topic)) {
      document.complain(
          Keys.DEAD_LETTERS.path(),
          "dead letters would go back to the topic they came from",
          "Name another topic, or leave the key out");
    }
    return deadLetters;
  }

  /** {@code refused} is the word that makes no sense for this key. */
  private static Position position(Document document, Key<String> key, String refused) {
    String text = document.get(key);
    Optional<Position> position = text.equals(refused) ? Optional.empty() : position(text);
    if (position.isEmpty()) {
      document.complain(
          key.path(),
          "\"" + text + "\" is no place to " + key.name(),
          "Write "
              + (refused.equals("never") ? "earliest" : "never")
              + ", latest, an offset such as \"offset 5000\", or a time such as"
              + " 2026-11-23T08:00:00Z");
    }
    return position.orElseGet(Position.Latest::new);
  }

  private static Optional<Position> position(String text) {
    return switch (text) {
      case "earliest" -> Optional.of(new Position.Earliest());
      case "latest" -> Optional.of(new Position.Latest());
      case "never" -> Optional.of(new Position.Never());
      default -> {
        Matcher offset = OFFSET.matcher(text);
        yield offset.matches()
            ? Optional.of(new Position.Offset(Long.parseLong(offset.group(1))))
            : time(text).map(Position.At::new);
      }
    };
  }

  private static Optional<Instant> time(String text) {
    try {
      return Optional.of(Instant.parse(text));
    } catch (DateTimeException notATime) {
      return Optional.empty();
    }
  }
}
