package io.tapestream.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.tapestream.jobs.spec.InvalidSpecException;
import io.tapestream.jobs.spec.JobSpec;
import io.tapestream.jobs.spec.Problem;
import io.tapestream.losses.BinaryCrossEntropy;
import io.tapestream.metrics.BinaryAccuracy;
import io.tapestream.tensor.Shape;
import java.util.List;
import org.junit.jupiter.api.Test;

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
    assertThat(parts.loss()).isEqualTo(new BinaryCrossEntropy(true));
    assertThat(parts.metrics()).containsExactly(new BinaryAccuracy(0));
    parts.model().close();
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

  private static List<Problem> problems(String text) throws InvalidSpecException {
    JobSpec spec = JobSpec.parse(text, "job.yaml");
    InvalidSpecException thrown =
        catchThrowableOfType(InvalidSpecException.class, () -> Parts.of(spec, CLASSES));
    assertThat(thrown).as("no mistake was found").isNotNull();
    return thrown.problems();
  }
}
