package io.tapestream.jobs.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.tapestream.clipping.ClipByGlobalNorm;
import io.tapestream.clipping.ClipByNorm;
import io.tapestream.clipping.Clipping;
import io.tapestream.parameterserver.RoundClipping;
import io.tapestream.parameterserver.compression.None;
import io.tapestream.parameterserver.consistency.Asynchronous;
import io.tapestream.parameterserver.consistency.Bounded;
import io.tapestream.parameterserver.consistency.Consistency;
import io.tapestream.parameterserver.consistency.Synchronous;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JobSpecTest {
  private static final String LEAST =
      """
      name: fashion
      source:
        bootstrap: localhost:9092
        topic: images
      input:
        features: [image]
        shape: [28, 28, 1]
      model:
        class: com.example.LeNet
      loss: SparseCategoricalCrossEntropy
      publish:
        directory: models
      """;

  @Test
  void aRoundMayBeClippedBesideItsBatches() throws Exception {
    JobSpec spec = JobSpec.parse(LEAST + "clip: {norm: 3, roundNorm: 2}\n", "job.yaml");
    assertThat(spec.clipping()).isEqualTo(new ClipByNorm(3));
    assertThat(spec.roundClipping()).isEqualTo(new RoundClipping(2));
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "float16", "topk(0.01)"})
  void a_compression_is_named_by_its_class_and_its_number(String compression) throws Exception {
    String loss = "loss: SparseCategoricalCrossEntropy";
    String text = LEAST.replace(loss, loss + "\ncompression: " + compression);
    assertThat(JobSpec.parse(text, "job.yaml").compression()).hasToString(compression);
  }

  @Test
  void filesThatAskForTheSameHaveOneDigest() throws InvalidSpecException {
    String least = JobSpec.parse(LEAST, "job.yaml").digest();
    String spelledOut = "# the same\nbatchSize: 32\n" + LEAST + "seed: 1\n";
    assertThat(least).matches("[0-9a-f]{64}");
    assertThat(JobSpec.parse(spelledOut, "other.yaml").digest()).isEqualTo(least);
    assertThat(JobSpec.parse(LEAST + "batchSize: 64\n", "job.yaml").digest()).isNotEqualTo(least);
    String adam = LEAST + "optimizer: {type: Adam, beta1: 0.8, beta2: 0.9}\n";
    String turned = LEAST + "optimizer: {beta2: 0.9, beta1: 0.8, type: Adam}\n";
    assertThat(JobSpec.parse(adam, "job.yaml").digest())
        .isEqualTo(JobSpec.parse(turned, "job.yaml").digest())
        .isNotEqualTo(least);
  }

  @Test
  void theLeastSpecificationTakesEveryDefault() throws InvalidSpecException {
    JobSpec spec = JobSpec.parse(LEAST, "job.yaml");
    assertThat(spec.name()).isEqualTo("fashion");
    assertThat(spec.source().bootstrap()).isEqualTo("localhost:9092");
    assertThat(spec.source().format()).isEqualTo("avro");
    assertThat(spec.source().start()).isEqualTo(new JobSpec.Position.Earliest());
    assertThat(spec.source().stop()).isEqualTo(new JobSpec.Position.Never());
    assertThat(spec.source().group()).isNull();
    assertThat(spec.source().policies())
        .isEqualTo(
            new JobSpec.Policies(
                Optional.of(Duration.ofMinutes(5)),
                Optional.empty(),
                Optional.empty(),
                false,
                false))
        .isEqualTo(JobSpec.Policies.DEFAULT);
    assertThat(spec.input().labels()).isEqualTo(1);
    assertThat(spec.model()).hasToString("{\"type\":\"com.example.LeNet\",\"settings\":{}}");
    assertThat(spec.optimizer()).hasToString("{\"type\":\"Adam\",\"settings\":{}}");
    assertThat(spec.start()).isNull();
    assertThat(spec.batchSize()).isEqualTo(32);
    assertThat(spec.consistency()).isEqualTo(new Synchronous());
    assertThat(spec.compression()).isEqualTo(new None());
    assertThat(spec.guard()).isEqualTo(new JobSpec.Guard(1e18, 10, false));
    assertThat(spec.roundClipping()).isNull();
    assertThat(spec.clipping()).isEqualTo(Clipping.NONE);
    assertThat(spec.parallelism()).isEqualTo(new JobSpec.Parallelism(1, 1, 1, 128, 65_536));
    assertThat(spec.checkpoints().interval()).isEqualTo(Duration.ofSeconds(10));
    assertThat(spec.publish().name()).isEqualTo("fashion");
    assertThat(spec.publish().announcements()).isNull();
    assertThat(spec.publish().onnx()).isFalse();
    assertThat(spec.deadLetters()).isEqualTo("images.dead-letters");
  }

  @Test
  void everyKeyCanBeGiven() throws InvalidSpecException {
    JobSpec spec =
        JobSpec.parse(
            """
            name: clicks
            source:
              bootstrap: one:9092,two:9092
              topic: clicks
              format: arrow
              start: 2026-11-23T08:00:00Z
              stop: latest
              properties: {security.protocol: SSL, request.timeout.ms: 30000}
              group: clicks-trainer
              lostRecords: accept
              discovery: off
              idle: skip after 5 s
            input:
              features: [price, age]
              shape: [40]
              labels: 1
              classes: [no, "yes"]
            model:
              layers:
                - {type: Dense, units: 256, activation: relu}
                - type: Dense
                  units: 1
                  kernelInitializer: {type: HeNormal, seed: 3}
              start: models/ctr/00000007
            loss: {type: BinaryCrossEntropy, fromLogits: true}
            optimizer:
              type: Sgd
              learningRate: 0.1
              momentum: 0.9
            metrics: [Accuracy]
            batchSize: 256
            batch: {linger: 200 ms}
            seed: -7
            pieceRows: 64
            consistency: bounded(4)
            guard: {maxGradientNorm: 1e2, stopAfter: 0, then: resume}
            clip: {globalNorm: 1.5}
            parallelism: {trainers: 4, shards: 2, threads: 2, maximum: 16, blockFloats: 1024}
            checkpoints: {interval: 500 ms, directory: "s3://bucket/state", backend: rocksdb}
            restart: {attempts: 3, delay: 0.5 s}
            publish:
              directory: /var/models
              name: ctr
              keep: 3
              keepAge: 36 h
              everyRounds: 100
              weightFileMiB: 512
              signingKey: /keys/sign.pem
              announcements: models
              onnx: true
            deadLetters: bad-clicks
            """,
            "job.yaml");
    assertThat(spec.source().start())
        .isEqualTo(new JobSpec.Position.At(Instant.parse("2026-11-23T08:00:00Z")));
    assertThat(spec.source().stop()).isEqualTo(new JobSpec.Position.Latest());
    assertThat(spec.source().properties())
        .isEqualTo(Map.of("security.protocol", "SSL", "request.timeout.ms", "30000"));
    assertThat(spec.source().policies())
        .isEqualTo(
            new JobSpec.Policies(
                Optional.empty(),
                Optional.of(Duration.ofSeconds(5)),
                Optional.of(Duration.ofMillis(200)),
                true,
                false));
    assertThat(spec.input().classes()).containsExactly("no", "yes");
    assertThat(spec.model())
        .hasToString(
            "{\"type\":\"Sequential\",\"settings\":{\"layers\":["
                + "{\"type\":\"Dense\",\"settings\":{\"units\":256,\"activation\":\"relu\"}},"
                + "{\"type\":\"Dense\",\"settings\":{\"units\":1,\"kernelInitializer\":"
                + "{\"type\":\"HeNormal\",\"settings\":{\"seed\":3}}}}]}}");
    assertThat(spec.optimizer())
        .hasToString("{\"type\":\"Sgd\",\"settings\":{\"learningRate\":0.1,\"momentum\":0.9}}");
    assertThat(spec.start()).isEqualTo("models/ctr/00000007");
    assertThat(spec.metrics()).hasSize(1);
    assertThat(spec.seed()).isEqualTo(-7);
    assertThat(spec.guard()).isEqualTo(new JobSpec.Guard(100, Long.MAX_VALUE, true));
    assertThat(spec.clipping()).isEqualTo(new ClipByGlobalNorm(1.5));
    assertThat(spec.parallelism()).isEqualTo(new JobSpec.Parallelism(4, 2, 2, 16, 1024));
    assertThat(spec.checkpoints())
        .isEqualTo(
            new JobSpec.Checkpoints(Duration.ofMillis(500), "s3://bucket/state", 10, "rocksdb"));
    assertThat(spec.restart()).isEqualTo(new JobSpec.Restart(3, Duration.ofMillis(500)));
    assertThat(spec.publish())
        .isEqualTo(
            new JobSpec.Publish(
                "/var/models",
                "ctr",
                3,
                Optional.of(Duration.ofHours(36)),
                100,
                512,
                "/keys/sign.pem",
                "models",
                true));
    assertThat(spec.deadLetters()).isEqualTo("bad-clicks");
  }

  @Test
  void aJobMayEndAtAnOffset() throws InvalidSpecException {
    JobSpec spec =
        JobSpec.parse(LEAST.replace("topic: images", "topic: images\n  stop: offset 5000"), "a");
    assertThat(spec.source().stop()).isEqualTo(new JobSpec.Position.Offset(5_000));
  }

  @Test
  void allMistakesAreNamedAtOnceEachWithLineKeyAndFix() {
    List<Problem> problems =
        problems(
            """
            name: fashion
            source:
              bootstrap: localhost:9092
              topik: images
              format: avrow
            input:
              features: [image]
              shape: [28, 0, 1]
            model:
              class: com.example.LeNet
              layers: [Flatten]
            loss: {fromLogits: true}
            batchSize: many
            checkpoints:
              interval: 10
            parallelism: 4
            trainers: 2
            publish:
              directory: models
              keep: 0
              onnx: 1
            """);
    assertThat(problems.stream().map(Problem::toString))
        .containsExactly(
            "line 2, source.topic: is missing. Write for example clicks.",
            "line 4, source.topik: there is no such key. Did you mean \"topic\"?",
            "line 5, source.format: there is no \"avrow\". Did you mean \"avro\"?",
            "line 8, input.shape: 0 is not of at least 1. Write the shape of one example, for"
                + " example [28, 28, 1].",
            "line 9, model: has both a class and layers. Keep one of them.",
            "line 12, loss: the type is missing. Write for example SparseCategoricalCrossEntropy"
                + " or {type: SparseCategoricalCrossEntropy, …}.",
            "line 13, batchSize: this is \"many\". Write a whole number from 1 to 1000000.",
            "line 15, checkpoints.interval: \"10\" is not a span of time. Write a number and a"
                + " unit, ms, s, min or h, for example 10 s.",
            "line 16, parallelism: this is \"4\" and not a section. Write its keys below it,"
                + " indented: blockFloats, maximum, shards, threads, trainers.",
            "line 17, trainers: there is no such key. Did you mean \"parallelism.trainers\"?",
            "line 20, publish.keep: 0 is not of at least 1. Write a whole number of at least 1.",
            "line 21, publish.onnx: this is \"1\". Write true or false.");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "topic: images | topic: [a, b] | line 4, source.topic: this is a list",
        "topic: images | topic: | line 4, source.topic: this is nothing",
        "topic: images | start: never | line 4, source.start: \"never\" is no place to start",
        "topic: images | stop: yesterday | line 4, source.stop: \"yesterday\" is no place to stop",
        "topic: images | idle: 5 s | line 4, source.idle: there is no \"5 s\". Write wait, or for",
        "topic: images | idle: skip after 5 | line 4, source.idle: \"5\" is not a span of time.",
        "features: [image] | features: [a, a] | line 6, input.features: \"a\" stands in the list",
        "topic: images | topic: images\\n  topic: x | line 5, source.topic: stands here a second",
        "name: fashion | name: my fashion | line 1, name: \"my fashion\" can't be a directory",
        "loss: SparseCategoricalCrossEntropy | loss: A\\n"
            + "seed: 1.5 | line 11, seed: this is \"1.5\"",
        "loss: SparseCategoricalCrossEntropy | loss: A\\nparallelism: {shards: 200} | line 11, par",
        "loss: SparseCategoricalCrossEntropy | loss: A\\n"
            + "deadLetters: images | line 11, deadLetters",
        "loss: SparseCategoricalCrossEntropy | loss: A\\n"
            + "learning: 1 | Known here: batch, batchSize, check",
        "loss: SparseCategoricalCrossEntropy | loss: A\\n"
            + "guard: {maxGradientNorm: 0} | line 11, guard.maxGradientNorm: 0 is not above 0."
            + " Write for example 100",
        "loss: SparseCategoricalCrossEntropy | loss: A\\n"
            + "clip: {norm: 1, value: 2} | line 11, clip: has more than one bound",
        "loss: SparseCategoricalCrossEntropy | loss: A\\n"
            + "consistency: bounded(4)\\n"
            + "clip: {roundNorm: 1} | line 12, clip.roundNorm: has no sum to clip: bounded(4)"
            + " applies batches one by one. Bound each batch with clip.globalNorm",
        "loss: SparseCategoricalCrossEntropy | loss: A\\n"
            + "consistency: bounded | line 11, consistency: bounded needs its number. Write"
            + " synchronous, bounded(4) or asynchronous",
        "loss: SparseCategoricalCrossEntropy | loss: A\\n"
            + "consistency: bounded(0) | line 11, consistency: the staleness bound is 0, not at"
            + " least 1",
        "loss: SparseCategoricalCrossEntropy | loss: A\\n"
            + "consistency: asynchronous(2) | line 11, consistency: asynchronous takes no number.",
        "loss: SparseCategoricalCrossEntropy | loss: A\\n"
            + "compression: topk(2) | line 11, compression: the share 2.0 of the gradients is not"
            + " above 0 and at most 1. Write none, float16 or topk(0.01)",
        "loss: SparseCategoricalCrossEntropy | loss: A\\n"
            + "compression: topk | line 11, compression: topk needs its number.",
        "loss: SparseCategoricalCrossEntropy | loss: A\\n"
            + "compression: zip | line 11, compression: there is no \"zip\".",
        "loss: SparseCategoricalCrossEntropy | loss: A\\n"
            + "consistency: stale | line 11, consistency: there is no \"stale\". Write",
        "loss: SparseCategoricalCrossEntropy | loss: A\\n"
            + "consistency: bounded(4 | line 11, consistency: \"bounded(4\" is not a consistency"
            + " mode",
        "class: com.example.LeNet | class LeNet | line 8, model: this is \"class LeNet\" and not a"
            + " section",
        "topic: images | topic: 'images | this is not YAML",
      })
  void aMistakeIsFoundWhereItStands(String right, String wrong, String expected) {
    String text = LEAST.replace(right, wrong.replace("\\n", "\n"));
    assertThatThrownBy(() -> JobSpec.parse(text, "job.yaml"))
        .isInstanceOf(InvalidSpecException.class)
        .hasMessageStartingWith("job.yaml has ")
        .hasMessageContaining(expected);
  }

  @Test
  void aConsistencyModeIsNamedByItsClassAndItsNumber() throws Exception {
    String loss = "loss: SparseCategoricalCrossEntropy";
    for (Consistency mode : List.of(new Synchronous(), new Bounded(7), new Asynchronous())) {
      String text = LEAST.replace(loss, loss + "\nconsistency: " + mode);
      assertThat(JobSpec.parse(text, "job.yaml").consistency()).isEqualTo(mode);
    }
  }

  @Test
  void anEmptyFileAndAListAreNoJob() {
    assertThat(problems("")).extracting(Problem::what).containsExactly("the file is empty");
    assertThat(problems("- a\n- b"))
        .extracting(Problem::what)
        .containsExactly("the file holds a list");
  }

  @Test
  void aMissingFileIsNamed(@TempDir Path directory) {
    Path missing = directory.resolve("job.yaml");
    assertThatThrownBy(() -> JobSpec.read(missing))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContaining("job.yaml");
  }

  @Test
  void everyKeyAndItsDefaultStandInTheTable() {
    assertThat(JobSpec.table())
        .contains("| `batchSize` | `32` | ")
        .contains("| `checkpoints.interval` | `10 s` | ")
        .contains("| `consistency` | `synchronous` | ")
        .contains("| `source.topic` | required | ");
    assertThat(JobSpec.table().lines()).hasSize(Keys.ALL.size() + 2);
  }

  private static List<Problem> problems(String text) {
    return catchThrowableOfType(InvalidSpecException.class, () -> JobSpec.parse(text, "job.yaml"))
        .problems();
  }
}
