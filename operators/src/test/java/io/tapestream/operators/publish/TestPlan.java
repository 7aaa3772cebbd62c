package io.tapestream.operators.publish;

import io.tapestream.files.Course;
import io.tapestream.files.Lineage;
import io.tapestream.files.TensorSignature;
import io.tapestream.operators.InputSettings;
import io.tapestream.operators.KafkaSettings;
import io.tapestream.operators.ModelSettings;
import io.tapestream.operators.OffsetPolicy;
import io.tapestream.operators.PublishSettings;
import io.tapestream.operators.RecordFormat;
import io.tapestream.operators.ServerSettings;
import io.tapestream.operators.SourceSettings;
import io.tapestream.operators.TrainingSettings;
import io.tapestream.operators.VersionSettings;
import io.tapestream.operators.VirtualWorkers;
import io.tapestream.operators.server.BlockSnapshot;
import io.tapestream.parameterserver.BlockLayout;
import io.tapestream.parameterserver.Header;
import io.tapestream.parameterserver.consistency.Synchronous;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;

/**
 * The plan of a job that trains a model of seven parameters, in blocks of three, three and one,
 * from two partitions.
 */
final class TestPlan {
  static final String MODEL = "tiny";
  static final String RUN = "run-1";
  static final int[] BLOCK_FROM = {0, 3, 6};
  static final int[] BLOCK_SIZE = {3, 3, 1};

  private TestPlan() {}

  static TrainingSettings settings(Path directory, String run) {
    return settings(
        "{\"type\": \"Sequential\"}",
        2,
        new PublishSettings(directory.toString(), run, 1, List.of(), null));
  }

  private static TrainingSettings settings(String model, int inputs, PublishSettings publish) {
    return new TrainingSettings(
        new ModelSettings(
            MODEL,
            model,
            "{\"type\": \"MeanSquaredError\"}",
            "{\"type\": \"Sgd\"}",
            List.of("{\"type\": \"BinaryAccuracy\"}"),
            1,
            128,
            1),
        new InputSettings(RecordFormat.AVRO, List.of("a", "b"), List.of(inputs), 1),
        new SourceSettings(
            new KafkaSettings("localhost:1", Map.of()),
            new VirtualWorkers(
                List.of(new TopicPartition("numbers", 0), new TopicPartition("numbers", 1)),
                Map.of("numbers", "id")),
            8,
            new OffsetPolicy.Earliest(),
            new OffsetPolicy.Unbounded(),
            null),
        new ServerSettings(new Synchronous(), BlockLayout.ofElements(7, 7, 3)),
        publish,
        null);
  }

  static List<PublishedTensor> tensors() {
    return List.of(
        new PublishedTensor("dense/kernel", List.of(2, 3), 0),
        new PublishedTensor("dense/bias", List.of(1), 6));
  }

  static PublishingPlan plan(Path directory) {
    return plan(directory, RUN);
  }

  static PublishingPlan plan(Path directory, String run) {
    return new PublishingPlan(
        settings(directory, run), tensors(), List.of("accuracy"), Retention.DEFAULT);
  }

  /** Of a model that is there, six inputs and one output, and is published as ONNX too. */
  static PublishingPlan planWithOnnx(Path directory) {
    return planWithOnnx(
        directory,
        "{\"type\": \"Sequential\", \"settings\": {\"layers\": [{\"type\": \"Dense\", \"settings\":"
            + " {\"units\": 1}}]}}");
  }

  /** Of this model, likewise. */
  static PublishingPlan planWithOnnx(Path directory, String model) {
    PublishSettings publish =
        new PublishSettings(
            directory.toString(),
            RUN,
            1,
            List.of(),
            null,
            Lineage.NONE,
            true,
            VersionSettings.DEFAULT);
    return new PublishingPlan(
        settings(model, 6, publish), tensors(), List.of("accuracy"), Retention.DEFAULT);
  }

  /** With files of weights of at most so many bytes. */
  static PublishingPlan plan(Path directory, String run, long weightFileBytes) {
    TrainingSettings whole = settings(directory, run);
    PublishSettings publish =
        new PublishSettings(
            directory.toString(),
            run,
            1,
            List.of(),
            null,
            Lineage.NONE,
            false,
            new VersionSettings(
                weightFileBytes,
                List.of(TensorSignature.of("output", List.of(3))),
                "0123456789abcdef".repeat(4),
                null));
    TrainingSettings settings =
        new TrainingSettings(
            whole.model(),
            whole.input(),
            whole.source(),
            whole.server(),
            publish,
            whole.deadLetterTopic());
    return new PublishingPlan(settings, tensors(), List.of("accuracy"), Retention.DEFAULT);
  }

  static VersionSink sink(Path directory, String run) {
    return new VersionSink(
        settings(directory, run), tensors(), List.of("accuracy"), Retention.DEFAULT);
  }

  /**
   * A block as a checkpoint cuts it at a round; its values are the round plus their place in the
   * vector.
   */
  static BlockSnapshot block(int index, long checkpoint, long round) {
    float[] values = new float[BLOCK_SIZE[index]];
    for (int i = 0; i < values.length; i++) {
      values[i] = round + BLOCK_FROM[index] + i;
    }
    return block(index, checkpoint, round, values);
  }

  static BlockSnapshot block(int index, long checkpoint, long round, float[] values) {
    Header report = new Header(4, 2, new double[] {3}, new double[] {4}, 16);
    return new BlockSnapshot(
        index,
        BLOCK_FROM[index],
        checkpoint,
        round,
        round,
        new long[] {8 * round, round == 0 ? -1 : 8 * round + 1},
        report,
        16 * round,
        index == 0 ? courses(round) : List.of(),
        values);
  }

  /** One full batch of each partition in each round. */
  private static List<Course> courses(long rounds) {
    List<Course.Run> runs = rounds == 0 ? List.of() : List.of(new Course.Run(0, 0, 8));
    Course course = new Course(rounds, rounds, false, runs, List.of());
    return List.of(course, course);
  }

  /** The whole vector at a round. */
  static float[] vector(long round) {
    float[] values = new float[Arrays.stream(BLOCK_SIZE).sum()];
    for (int i = 0; i < values.length; i++) {
      values[i] = round + i;
    }
    return values;
  }
}
