package io.tapestream.jobs.spec;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.tapestream.operators.GradientSettings;
import io.tapestream.parameterserver.BlockLayout;
import io.tapestream.parameterserver.compression.Compression;
import io.tapestream.parameterserver.compression.None;
import io.tapestream.parameterserver.consistency.Consistency;
import io.tapestream.parameterserver.consistency.Synchronous;
import io.tapestream.training.StepSettings;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Every key of a job specification with its default: the one place that states them. The README's
 * table is {@link #table()}.
 */
final class Keys {
  static final Key<String> NAME = Key.required("name", Kind.text("clicks"), "Name of the job");

  static final Key<String> BOOTSTRAP =
      Key.required("source.bootstrap", Kind.text("localhost:9092"), "Kafka brokers as `host:port`");
  static final Key<String> TOPIC =
      Key.required("source.topic", Kind.text("clicks"), "Topic with the training records");
  static final Key<String> FORMAT =
      choice(
          "source.format",
          "`avro`: one example a record. `arrow`: an Arrow IPC stream of many",
          "avro",
          "arrow");
  static final Key<String> START =
      text(
          "source.start",
          "earliest",
          "Where a fresh job starts in each partition: `earliest`, `latest`, `offset N`, or a time"
              + " such as `2026-11-23T08:00:00Z`");
  static final Key<String> STOP =
      text(
          "source.stop",
          "never",
          "Where it ends: `never`, `latest` (what the topic holds at the start), `offset N`, or a"
              + " time; a restored job keeps the end it was started with");
  static final Key<Map<String, String>> PROPERTIES =
      Key.withDefault(
          "source.properties",
          Kind.properties(),
          Map.of(),
          "none",
          "Further Kafka client settings, such as security");
  static final Key<String> GROUP =
      Key.absent(
          "source.group",
          Kind.text("clicks"),
          "none",
          "Consumer group under which learned offsets are committed, for monitoring");
  static final Key<String> LOST_RECORDS =
      choice(
          "source.lostRecords",
          "A restored job whose records the topic no longer holds: `stop`, or `accept` it and go on"
              + " with the first that are there",
          "stop",
          "accept");
  static final Key<Optional<Duration>> DISCOVERY =
      Key.withDefault(
          "source.discovery",
          Kind.durationOr("off", "", Duration.ofMillis(100)),
          Optional.of(Duration.ofMinutes(5)),
          "`5 min`",
          "How often a job that never stops looks for partitions added to the topic, or `off`; they"
              + " join with a new submission from the next checkpoint");
  static final Key<Optional<Duration>> IDLE =
      Key.withDefault(
          "source.idle",
          Kind.durationOr("wait", "skip after ", Duration.ofMillis(1)),
          Optional.empty(),
          "`wait`",
          "What a partition without a full batch does to the others: they `wait`, or rounds pass"
              + " without it: `skip after 5 s`");
  static final Key<String> RECREATED =
      choice(
          "source.recreated",
          "A restored job whose topic is not the one it has learned from: `refuse` it, or `accept`"
              + " it as a copy with the same offsets, on another cluster for example",
          "refuse",
          "accept");

  static final Key<List<String>> FEATURES =
      Key.required(
          "input.features",
          Kind.texts("image"),
          "Features of an example, laid side by side in this order");
  static final Key<List<Integer>> SHAPE =
      Key.required("input.shape", Kind.shape(), "Shape of one example as the model takes it");
  static final Key<Integer> LABELS =
      integer("input.labels", 0, Integer.MAX_VALUE, 1, "Label values of an example");
  static final Key<List<String>> CLASSES =
      Key.withDefault(
          "input.classes",
          Kind.texts("shirt"),
          List.of(),
          "none",
          "Names of what a classifier tells apart, published with each version");

  static final Key<String> MODEL_CLASS =
      Key.absent(
          "model.class",
          Kind.text("com.example.LeNet"),
          "this or `model.layers`",
          "A subclass of `Model`, on the class path or in `--jar`");
  static final Key<JsonNode> MODEL_SETTINGS =
      Key.withDefault(
          "model.settings",
          Kind.settings(),
          JsonNodeFactory.instance.objectNode(),
          "none",
          "Settings of `model.class`, if it has any");
  static final Key<List<JsonNode>> LAYERS =
      Key.absent(
          "model.layers",
          Kind.components("Flatten"),
          "this or `model.class`",
          "Layers in order, each a type with its settings");
  static final Key<String> MODEL_START =
      Key.absent(
          "model.start",
          Kind.text("models/clicks/00000007"),
          "initial weights",
          "A version's directory, which all task managers reach: a fresh job starts from its"
              + " weights, its optimizer anew");
  static final Key<JsonNode> LOSS =
      Key.required(
          "loss",
          Kind.component("SparseCategoricalCrossEntropy"),
          "What training makes small: a type with its settings");
  static final Key<JsonNode> OPTIMIZER =
      Key.withDefault(
          "optimizer",
          Kind.component("Adam"),
          JsonNodeFactory.instance
              .objectNode()
              .put("type", "Adam")
              .set("settings", JsonNodeFactory.instance.objectNode()),
          "`Adam`",
          "How a gradient moves the weights: a type with its settings");
  static final Key<List<JsonNode>> METRICS =
      Key.withDefault(
          "metrics",
          Kind.components("Accuracy"),
          List.of(),
          "none",
          "Measured on each batch before it is trained on");
  static final Key<Integer> BATCH_SIZE =
      integer(
          "batchSize",
          1,
          1_000_000,
          32,
          "Examples in a mini-batch of one partition; a round is partitions × batch size");
  static final Key<Optional<Duration>> LINGER =
      Key.withDefault(
          "batch.linger",
          Kind.durationOr("off", "", Duration.ofMillis(1)),
          Optional.empty(),
          "`off`",
          "After this time, such as `2 s`, a batch of a quiet partition leaves as it is; `off`:"
              + " when it is full");
  static final Key<Long> SEED =
      Key.withDefault("seed", Kind.seed(), 1L, "`1`", "Decides initial weights and random layers");
  static final Key<Integer> PIECE_ROWS =
      integer(
          "pieceRows",
          1,
          1_000_000,
          StepSettings.DEFAULT_PIECE_ROWS,
          "Rows of a mini-batch computed at a time; another value may change the last bits");

  static final Key<Consistency> CONSISTENCY =
      Key.withDefault(
          "consistency",
          Modes.consistency(),
          new Synchronous(),
          "`synchronous`",
          "`synchronous`: every partition's batch counts before the weights move. `bounded(4)`:"
              + " each counts on arrival, from weights at most 4 rounds old. `asynchronous`:"
              + " without a bound");
  static final Key<Compression> COMPRESSION =
      Key.withDefault(
          "compression",
          Modes.compression(),
          new None(),
          "`none`",
          "How gradients travel to the shards. `none`: every bit. `float16`: half precision."
              + " `topk(0.01)`: the largest hundredth of each block; the rest is kept and sent"
              + " later. With the first two, blocks of embedding tables are sent as the rows that a"
              + " batch names, every bit, where these take fewer bytes");
  static final Key<Double> MAX_GRADIENT_NORM =
      Key.withDefault(
          "guard.maxGradientNorm",
          Kind.positive(100),
          GradientSettings.DEFAULT_MAX_NORM,
          "`1e18`",
          "A batch is skipped if the norm of its gradient, of the mean loss where the loss is a"
              + " mean, is larger; one that is not finite always is");

  static final Key<Integer> STOP_AFTER =
      integer(
          "guard.stopAfter",
          0,
          Integer.MAX_VALUE,
          10,
          "The job stops when so many batches in a row were skipped, at the next checkpoint; `0`:"
              + " never");

  static final Key<String> THEN =
      choice(
          "guard.then",
          "What follows: `stop`, or `resume`, submitted again by `train`, which must be attached,"
              + " from the last good version with the offsets going on",
          "stop",
          "resume");

  static final Key<Double> CLIP_VALUE =
      Key.absent(
          "clip.value",
          Kind.positive(0.5),
          "none",
          "Each element of a batch's gradient is brought to at most this size");
  static final Key<Double> CLIP_NORM =
      Key.absent(
          "clip.norm",
          Kind.positive(1),
          "none",
          "The gradient of each parameter tensor is shortened to at most this norm");
  static final Key<Double> CLIP_GLOBAL_NORM =
      Key.absent(
          "clip.globalNorm",
          Kind.positive(1),
          "none",
          "A batch's whole gradient is shortened to at most this norm; one of the three");

  static final Key<Double> CLIP_ROUND_NORM =
      Key.absent(
          "clip.roundNorm",
          Kind.positive(1),
          "none",
          "The gradient of a whole round, of all virtual workers together, is shortened to at most"
              + " this norm; `synchronous` only");

  static final Key<Integer> TRAINERS =
      integer("parallelism.trainers", 1, 32_768, 1, "Subtasks that read and train");
  static final Key<Integer> SHARDS =
      integer("parallelism.shards", 1, 32_768, 1, "Subtasks of the parameter server");
  static final Key<Integer> THREADS =
      integer(
          "parallelism.threads", 1, 1_024, 1, "Threads of a trainer's step; never changes a bit");
  static final Key<Integer> MAX_PARALLELISM =
      integer(
          "parallelism.maximum",
          1,
          32_768,
          128,
          "Most shards this job can ever be restored with; fixed for its life");
  static final Key<Integer> BLOCK_FLOATS =
      integer(
          "parallelism.blockFloats",
          1,
          16_777_216,
          BlockLayout.DEFAULT_BLOCK_FLOATS,
          "Parameters in a block, the unit that is sent and stored; fixed for the job's life");

  static final Key<Duration> INTERVAL =
      Key.withDefault(
          "checkpoints.interval",
          Kind.duration(Duration.ofMillis(100)),
          Duration.ofSeconds(10),
          "`10 s`",
          "Time between checkpoints; each publishes a version");
  static final Key<String> CHECKPOINT_DIRECTORY =
      Key.withDefault(
          "checkpoints.directory",
          Kind.text("checkpoints"),
          "checkpoints",
          "`checkpoints`",
          "Where checkpoints are kept, a directory or a URI that all task managers reach");
  static final Key<Integer> TOLERATE =
      integer(
          "checkpoints.tolerate",
          0,
          Integer.MAX_VALUE,
          10,
          "Checkpoints in a row that may fail, on a full disk for example, before the job"
              + " restarts");
  static final Key<String> BACKEND =
      choice(
          "checkpoints.backend",
          "Where checkpoints take a shard's blocks from. `hashmap`: the heap, which holds them"
              + " twice meanwhile. `rocksdb`: a local disk; the heap holds them once, but a shard"
              + " stands still for about 3 ms a MB",
          "hashmap",
          "rocksdb");
  static final Key<Integer> RESTART_ATTEMPTS =
      integer(
          "restart.attempts",
          0,
          Integer.MAX_VALUE,
          10,
          "Restarts in a row from the latest checkpoint before the job fails");
  static final Key<Duration> RESTART_DELAY =
      Key.withDefault(
          "restart.delay",
          Kind.duration(Duration.ZERO),
          Duration.ofSeconds(1),
          "`1 s`",
          "Pause before the first restart; it doubles up to a minute");

  static final Key<String> PUBLISH_DIRECTORY =
      Key.required(
          "publish.directory",
          Kind.text("models"),
          "Versions appear in `directory/name/`; a path, or the URI of a file system of Flink's such"
              + " as `s3://bucket/models`, that all task managers reach");
  static final Key<String> PUBLISH_NAME =
      Key.absent(
          "publish.name",
          Kind.text("clicks"),
          "the job's name",
          "Name of the model that is served");
  static final Key<Integer> KEEP =
      integer("publish.keep", 1, Integer.MAX_VALUE, 10, "Newest versions that are kept");
  static final Key<Optional<Duration>> KEEP_AGE =
      Key.withDefault(
          "publish.keepAge",
          Kind.durationOr("off", "", Duration.ofSeconds(1)),
          Optional.empty(),
          "`off`",
          "Younger versions, of the last `24 h` for example, are kept beside them; pinned, labelled"
              + " and held ones always are");
  static final Key<Long> EVERY_ROUNDS =
      Key.withDefault(
          "publish.everyRounds",
          Kind.wholeNumber(1, Long.MAX_VALUE),
          1L,
          "`1`",
          "A checkpoint publishes when at least this many rounds have passed");
  static final Key<Integer> WEIGHT_FILE_MIB =
      integer(
          "publish.weightFileMiB",
          1,
          1 << 20,
          2048,
          "Weights that take more are written as several files of at most so many MiB, with an index;"
              + " a tensor is never divided");
  static final Key<String> SIGNING_KEY =
      Key.absent(
          "publish.signingKey",
          Kind.text("/etc/tapestream/signing.pem"),
          "none",
          "File with an Ed25519 key (PKCS#8, PEM) that each version is signed with; only its path"
              + " travels with the job, and it is read where versions are committed");
  static final Key<String> ANNOUNCEMENTS =
      Key.absent(
          "publish.announcements",
          Kind.text("models"),
          "none",
          "Topic on which each new version is announced");
  static final Key<Boolean> ONNX =
      Key.withDefault(
          "publish.onnx",
          Kind.flag(),
          false,
          "`false`",
          "`true`: a version also has its model as `model.onnx`, for runtimes of others");
  static final Key<String> DEAD_LETTERS =
      Key.absent(
          "deadLetters",
          Kind.text("clicks.dead-letters"),
          "`TOPIC.dead-letters`",
          "Topic for records that can't be learned from");

  /** Every key, in the order in which this class states them. */
  static final List<Key<?>> ALL = all();

  private Keys() {}

  /** The keys as a Markdown table: key, default, meaning. */
  static String table() {
    StringBuilder table = new StringBuilder("| key | default | meaning |\n| --- | --- | --- |\n");
    for (Key<?> key : ALL) {
      table
          .append("| `")
          .append(key.path())
          .append("` | ")
          .append(key.shown())
          .append(" | ")
          .append(key.meaning())
          .append(" |\n");
    }
    return table.toString();
  }

  private static Key<String> text(String path, String fallback, String meaning) {
    return Key.withDefault(path, Kind.text(fallback), fallback, "`" + fallback + "`", meaning);
  }

  /** The first name is the default. */
  private static Key<String> choice(String path, String meaning, String... names) {
    return Key.withDefault(path, Kind.choice(names), names[0], "`" + names[0] + "`", meaning);
  }

  private static Key<Integer> integer(
      String path, int least, int greatest, int fallback, String meaning) {
    return Key.withDefault(
        path, Kind.integer(least, greatest), fallback, "`" + fallback + "`", meaning);
  }

  private static List<Key<?>> all() {
    List<Key<?>> keys = new ArrayList<>();
    for (var field : Keys.class.getDeclaredFields()) {
      if (Modifier.isStatic(field.getModifiers()) && field.getType() == Key.class) {
        try {
          keys.add((Key<?>) field.get(null));
        } catch (IllegalAccessException e) {
          throw new IllegalStateException("a class can read its own field " + field, e);
        }
      }
    }
    return List.copyOf(keys);
  }
}
