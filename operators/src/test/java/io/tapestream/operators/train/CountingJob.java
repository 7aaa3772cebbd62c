package io.tapestream.operators.train;

import io.tapestream.operators.GradientSettings;
import io.tapestream.operators.InputSettings;
import io.tapestream.operators.KafkaSettings;
import io.tapestream.operators.ModelSettings;
import io.tapestream.operators.OffsetPolicy;
import io.tapestream.operators.PublishSettings;
import io.tapestream.operators.RecordFormat;
import io.tapestream.operators.ServerSettings;
import io.tapestream.operators.SourceSettings;
import io.tapestream.operators.TrainingSettings;
import io.tapestream.operators.VirtualWorkers;
import io.tapestream.operators.source.MiniBatch;
import io.tapestream.operators.source.RawRecord;
import io.tapestream.operators.weights.WeightReplica;
import io.tapestream.parameterserver.BlockLayout;
import io.tapestream.parameterserver.BlockRange;
import io.tapestream.parameterserver.Weights;
import io.tapestream.parameterserver.consistency.Synchronous;
import io.tapestream.schemas.AvroCodec;
import io.tapestream.schemas.DenseFeatures;
import io.tapestream.schemas.avro.TrainingExample;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;

/** A linear model of five inputs, in blocks of two values, and what its trainer is fed with. */
final class CountingJob {

  static final int INPUTS = 5;
  static final TopicPartition PARTITION = new TopicPartition("counts", 3);
  static final BlockLayout LAYOUT = BlockLayout.ofElements(INPUTS, INPUTS, 2);

  private static final AvroCodec<TrainingExample> CODEC = AvroCodec.examples();

  private CountingJob() {}

  static TrainingSettings settings(String loss) {
    return settings(loss, LAYOUT);
  }

  static TrainingSettings settings(String loss, BlockLayout layout) {
    return settings(loss, layout, GradientSettings.DEFAULT);
  }

  static TrainingSettings settings(String loss, GradientSettings gradients) {
    return settings(loss, LAYOUT, gradients);
  }

  private static TrainingSettings settings(
      String loss, BlockLayout layout, GradientSettings gradients) {
    String linear = "{\"type\": \"Dense\", \"settings\": {\"units\": 1, \"useBias\": false}}";
    return settings(linear, loss, layout, gradients);
  }

  /** Of a model of these layers. */
  static TrainingSettings settings(
      String layers, String loss, BlockLayout layout, GradientSettings gradients) {
    return new TrainingSettings(
        new ModelSettings(
            "counts",
            "{\"type\": \"Sequential\", \"settings\": {\"layers\": [" + layers + "]}}",
            "{\"type\": \"" + loss + "\"}",
            "{\"type\": \"Sgd\", \"settings\": {\"learningRate\": 1.0}}",
            List.of(),
            1,
            2,
            1),
        new InputSettings(RecordFormat.AVRO, List.of("x"), List.of(INPUTS), 1),
        new SourceSettings(
            new KafkaSettings("localhost:1", Map.of()),
            VirtualWorkers.of(List.of(PARTITION), Map.of("counts", "id")),
            3,
            new OffsetPolicy.Earliest(),
            new OffsetPolicy.Unbounded(),
            null),
        new ServerSettings(new Synchronous(), layout),
        gradients,
        new PublishSettings("unused", "run", 1, List.of(), null),
        null);
  }

  /** An example whose label is 0. */
  static RawRecord example(long offset, double weight, float... x) {
    return RawRecord.of(
        offset,
        0,
        CODEC.encode(
            TrainingExample.newBuilder()
                .setId("record " + offset)
                .setEventTime(Instant.EPOCH)
                .setDense(List.of(DenseFeatures.floats("x", x, x.length)))
                .setCategorical(List.of())
                .setLabel(List.of(0.0))
                .setWeight((float) weight)
                .build()));
  }

  static RawRecord oneHot(long offset, int input) {
    float[] x = new float[INPUTS];
    x[input] = 1;
    return example(offset, 1, x);
  }

  static RawRecord truncated(long offset) {
    byte[] whole = oneHot(offset, 0).value();
    return RawRecord.of(offset, 0, Arrays.copyOf(whole, whole.length - 3));
  }

  static MiniBatch batch(long index, boolean last, RawRecord... records) {
    long next = records.length == 0 ? 100 : records[records.length - 1].offset() + 1;
    return new MiniBatch(0, PARTITION, index, index, List.of(records), next, last);
  }

  /** All weights are {@code value} after {@code round} rounds. */
  static void fill(WeightReplica replica, long round, float value) {
    for (BlockRange block : LAYOUT.blocks()) {
      float[] values = new float[block.length()];
      Arrays.fill(values, value);
      long[] rounds = {round};
      replica.receive(new Weights(block.index(), round, rounds, rounds, values));
    }
  }
}
