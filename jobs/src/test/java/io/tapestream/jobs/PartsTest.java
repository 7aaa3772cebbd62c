package io.tapestream.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.tapestream.files.FileEntry;
import io.tapestream.files.Lineage;
import io.tapestream.files.Manifest;
import io.tapestream.files.SafeTensors;
import io.tapestream.files.Signature;
import io.tapestream.files.TensorSignature;
import io.tapestream.jobs.spec.InvalidSpecException;
import io.tapestream.jobs.spec.JobSpec;
import io.tapestream.jobs.spec.Problem;
import io.tapestream.layers.Context;
import io.tapestream.layers.Dense;
import io.tapestream.losses.BinaryCrossEntropy;
import io.tapestream.metrics.BinaryAccuracy;
import io.tapestream.metrics.Metric;
import io.tapestream.models.Model;
import io.tapestream.ops.Scale;
import io.tapestream.optimizers.Adam;
import io.tapestream.optimizers.Optimizer;
import io.tapestream.optimizers.Step;
import io.tapestream.schedules.CosineDecay;
import io.tapestream.specs.Specs;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PartsTest {
  private static final ClassLoader CLASSES = PartsTest.class.getClassLoader();
  private static final String JOB =
      """
      name: clicks
      source: {bootstrap: localhost:9092, topic: clicks}
      input:
        features: [x]
        shape: [40]
      model:
        layers:
          - {type: Dense, units: 16, activation: relu}
          - type: Dense
            units: 1
      loss: {type: BinaryCrossEntropy, fromLogits: true}
      optimizer:
        type: Adam
        learningRate: 0.01
      metrics: [Accuracy]
      publish: {directory: models}
      """;

  @Test
  void whatASpecificationNamesIsMade() throws InvalidSpecException {
    Parts parts = Parts.of(JobSpec.parse(JOB, "job.yaml"), CLASSES);
    assertThat(parts.model().outputShape()).isEqualTo(Shape.of(1));
    assertThat(Submission.outputs(parts.model()))
        .containsExactly(TensorSignature.of("output", List.of(1)));
    assertThat(parts.loss()).isEqualTo(new BinaryCrossEntropy(true));
    assertThat(parts.metrics()).containsExactly(new BinaryAccuracy(0));
    parts.model().close();
  }

  @Test
  void aLearningRateIsANumberHoweverItIsWrittenOrASchedule() throws InvalidSpecException {
    assertThat(optimizer("1e-4")).isEqualTo(new Adam(1e-4));
    assertThat(optimizer("1.5e3")).isEqualTo(new Adam(1500));
    assertThat(optimizer("1")).isEqualTo(new Adam(1));
    assertThat(optimizer("{type: CosineDecay, initialLearningRate: 1e-3, decaySteps: 100}"))
        .isEqualTo(new Adam(new CosineDecay(1e-3, 100)));
  }

  private static Optimizer optimizer(String learningRate) throws InvalidSpecException {
    String job = JOB.replace("learningRate: 0.01", "learningRate: " + learningRate);
    Parts parts = Parts.of(JobSpec.parse(job, "job.yaml"), CLASSES);
    parts.model().close();
    return parts.optimizer();
  }

  @Test
  void aMistakeInASettingIsNamedWithItsOwnLine() throws InvalidSpecException {
    assertThat(problems(JOB.replace("learningRate: 0.01", "learningRte: 0.01")))
        .singleElement()
        .satisfies(problem -> assertThat(problem.line()).isEqualTo(14))
        .asString()
        .contains("optimizer.learningRte", "unknown setting", "Its settings are", "learningRate");
    assertThat(problems(JOB.replace("learningRate: 0.01", "learningRate: -1")))
        .singleElement()
        .asString()
        .startsWith("line 14, optimizer.learningRate: ");
    assertThat(problems(JOB.replace("units: 1\n", "units: 0\n")))
        .singleElement()
        .asString()
        .startsWith("line 10, model.layers[1].units: ");
  }

  @Test
  void everyMistakeIsFoundAtOnce() throws InvalidSpecException {
    List<Problem> problems =
        problems(
            JOB.replace("type: Adam", "type: Adm").replace("BinaryCrossEntropy", "BinaryEntropy"));
    assertThat(problems).extracting(Problem::key).contains("loss", "optimizer");
  }

  @Test
  void aModelALossAndLabelsThatDoNotFitAreRefused() throws InvalidSpecException {
    assertThat(problems(JOB.replace("units: 1\n", "units: 3\n")))
        .singleElement()
        .asString()
        .startsWith("line 11, loss: ")
        .contains("input.labels");
    assertThat(
            problems(
                JOB.replace("shape: [40]", "shape: [8, 8, 1]")
                    .replace(
                        "{type: Dense, units: 16, activation: relu}",
                        "{type: Conv2D, filters: 2, kernelSize: 9}")))
        .singleElement()
        .asString()
        .startsWith("line 5, input.shape: ");
  }

  @Test
  void aModelMayBeAGraphOfLayers() throws InvalidSpecException {
    String graph =
        """
          class: Functional
          settings:
            inputs: [{name: x, shape: [40]}]
            layers:
              hidden: {type: Dense, units: 40, activation: relu}
              logit: {type: Dense, units: 1}
            calls:
              - {layer: hidden, inputs: [x]}
              - {layer: hidden, inputs: [hidden], name: again}
              - {layer: logit, inputs: [again]}
            outputs: [logit]
        loss:\
        """;
    String job = JOB.replaceFirst("(?s)  layers:.*?loss:", graph);

    try (Model model = Parts.of(JobSpec.parse(job, "job.yaml"), CLASSES).model()) {
      assertThat(model.parameters().size()).as("hidden once").isEqualTo(40 * 40 + 40 + 40 + 1);
      Model published = Specs.read(Specs.toJson(model), Model.class);
      published.build(Shape.of(40), 1);
      assertThat(published.parameters().entries()).isEqualTo(model.parameters().entries());
      assertThat(Submission.outputs(model))
          .as("what the manifest calls them")
          .containsExactly(TensorSignature.of("logit", List.of(1)));
    }
    assertThat(problems(job.replace("inputs: [again]", "inputs: [agin]")))
        .singleElement()
        .asString()
        .contains("input of \"logit\" \"agin\" is neither an input nor a call");
  }

  @Test
  void aMetricThatIsNoMeanIsRefused() throws InvalidSpecException {
    assertThat(problems(JOB.replace("metrics: [Accuracy]", "metrics: [Accuracy, Auc]")))
        .singleElement()
        .asString()
        .startsWith("line 15, metrics: ")
        .contains("\"auc\" is not a mean over examples", "Measure it in memory");
  }

  @Test
  void twoMetricsOfOneNameAreRefused() throws InvalidSpecException {
    assertThat(problems(JOB.replace("metrics: [Accuracy]", "metrics: [Accuracy, Accuracy]")))
        .singleElement()
        .asString()
        .startsWith("line 15, metrics: ")
        .contains("\"accuracy\" is there twice", "Leave one out");
    assertThat(problems(JOB.replace("[Accuracy]", "[" + Loss.class.getName() + "]")))
        .singleElement()
        .asString()
        .contains("a metric is called \"loss\"", "Give it another name");
  }

  /** Named as what every job shows. */
  public record Loss() implements Metric {
    @Override
    public String name() {
      return "loss";
    }

    @Override
    public Sums measure(Tensor predictions, Tensor labels, Tensor weights) {
      return new Sums(0, 0);
    }
  }

  /** It calls an op beside its layer. */
  public static final class Halved extends Model {
    private final Dense logit = new Dense(1);

    @Override
    protected Tensor call(Tensor x, Context context) {
      return Scale.of(logit.apply(x, context), 0.5);
    }
  }

  @Test
  void aModelThatCannotBeWrittenAsOnnxIsRefusedAtSubmission() throws InvalidSpecException {
    String onnx = JOB.replace("{directory: models}", "{directory: models, onnx: true}");
    Parts.of(JobSpec.parse(onnx, "job.yaml"), CLASSES).model().close();

    String layers = onnx.substring(onnx.indexOf("  layers:"), onnx.indexOf("loss:"));
    String halved = onnx.replace(layers, "  class: " + Halved.class.getName() + "\n");
    assertThat(problems(halved))
        .singleElement()
        .asString()
        .contains("publish.onnx: layer (Halved) returns a tensor that no layer has computed")
        .contains("Use a layer in place of the op");
  }

  /** Half of it is frozen. */
  public static final class HalfFrozen extends Model {
    private final Dense frozen = new Dense(4);
    private final Dense logit = new Dense(1);

    public HalfFrozen() {
      frozen.trainable(false);
    }

    @Override
    protected Tensor call(Tensor x, Context context) {
      return logit.apply(frozen.apply(x, context), context);
    }
  }

  /** Pulls every weight to 0, whatever its gradient. */
  public record Decaying() implements Optimizer {
    @Override
    public int slots() {
      return 0;
    }

    @Override
    public float initialSlot(int slot) {
      return 0;
    }

    @Override
    public void update(
        float[] weights, float[] gradient, float[][] slots, int from, int length, Step step) {
      for (int i = from; i < from + length; i++) {
        weights[i] *= 0.9f;
      }
    }
  }

  @Test
  void whatIsFrozenIsNotLeftToAnOptimizerThatWouldMoveIt() throws InvalidSpecException {
    String decaying = "type: " + Decaying.class.getName();
    String half = "  class: " + HalfFrozen.class.getName() + "\nloss:";
    String frozen = JOB.replaceFirst("(?s)  layers:.*?loss:", Matcher.quoteReplacement(half));

    Parts.of(JobSpec.parse(frozen, "job.yaml"), CLASSES).model().close();
    assertThat(problems(frozen.replace("type: Adam\n  learningRate: 0.01", decaying)))
        .singleElement()
        .asString()
        .contains("Decaying moves weights that have no gradient, and frozen/kernel is frozen");
    Parts.of(
            JobSpec.parse(JOB.replace("type: Adam\n  learningRate: 0.01", decaying), "job.yaml"),
            CLASSES)
        .model()
        .close();
  }

  @Test
  void aJobStartsFromTheWeightsOfAVersion(@TempDir Path directory) throws Exception {
    float[] weights = publish(directory, List.of("x"));

    Parts parts = Parts.of(JobSpec.parse(startingFrom(directory), "job.yaml"), CLASSES);

    try (Model model = parts.model()) {
      assertThat(model.parameters().values().toFloats()).isEqualTo(weights);
      assertThat(parts.start()).isNotNull();
      assertThat(parts.start().version()).isEqualTo(7);
    }
  }

  @Test
  void aVersionThatIsNoneOrOfAnotherModelOrInputIsRefused(@TempDir Path directory)
      throws Exception {
    assertThat(problems(startingFrom(directory)))
        .singleElement()
        .asString()
        .startsWith("line 7, model.start: ")
        .contains("has no manifest.json", "Name the directory of a version of this model");

    publish(directory, List.of("x"));
    assertThat(problems(startingFrom(directory).replace("units: 16", "units: 17")))
        .singleElement()
        .asString()
        .contains("doesn't fit the model", "shape");

    Files.writeString(directory.resolve(Manifest.WEIGHTS), "damaged");
    assertThat(problems(startingFrom(directory)))
        .singleElement()
        .asString()
        .contains("weights.safetensors has 7 bytes, the manifest says");
  }

  @Test
  void aVersionThatTakesOtherFeaturesIsRefused(@TempDir Path directory) throws Exception {
    publish(directory, List.of("y"));
    assertThat(problems(startingFrom(directory)))
        .singleElement()
        .asString()
        .contains("takes [y] of shape [40], this job's input is [x] of shape [40]");
  }

  private static String startingFrom(Path version) {
    return JOB.replace("model:\n", "model:\n  start: " + version + "\n");
  }

  /** Writes a version of the job's model with other weights than its initial ones. */
  private static float[] publish(Path directory, List<String> features) throws Exception {
    Parts parts =
        Parts.of(JobSpec.parse(JOB.replace("model:\n", "seed: 9\nmodel:\n"), "job.yaml"), CLASSES);
    try (Model model = parts.model()) {
      Path weights = directory.resolve(Manifest.WEIGHTS);
      SafeTensors.write(weights, model.parameters().named(), Map.of());
      Manifest manifest =
          new Manifest(
              Manifest.FORMAT,
              "clicks",
              7,
              "run",
              "job",
              7,
              Instant.EPOCH,
              70,
              700,
              Map.of(),
              Map.of(),
              Lineage.NONE,
              new Signature(features, List.of(40), "float32", List.of()),
              Specs.toJson(parts.loss()),
              "test",
              List.of(FileEntry.of(weights)));
      Files.writeString(directory.resolve(Manifest.FILE), manifest.toJson());
      return model.parameters().values().toFloats();
    }
  }

  private static List<Problem> problems(String text) throws InvalidSpecException {
    JobSpec spec = JobSpec.parse(text, "job.yaml");
    InvalidSpecException thrown =
        catchThrowableOfType(InvalidSpecException.class, () -> Parts.of(spec, CLASSES));
    assertThat(thrown).as("no mistake was found").isNotNull();
    return thrown.problems();
  }
}
