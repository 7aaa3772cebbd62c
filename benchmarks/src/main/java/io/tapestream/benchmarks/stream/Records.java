package io.tapestream.benchmarks.stream;

import io.tapestream.benchmarks.Workload;
import io.tapestream.schemas.AvroCodec;
import io.tapestream.schemas.DenseFeatures;
import io.tapestream.schemas.avro.DenseFeature;
import io.tapestream.schemas.avro.TrainingExample;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A workload's examples, as arrays and as the Avro records that say the same.
 *
 * @param features row by row, as they are decoded
 * @param labels one for each example
 * @param encoded one record for each example
 */
@SuppressWarnings("ArrayRecordComponent") // a holder, never compared
record Records(Workload workload, float[] features, float[] labels, List<byte[]> encoded) {

  /** Draws examples and encodes them. */
  static Records of(Workload workload, int examples) {
    int width = workload.input().size();
    float[] features = workload.features(examples, 1);
    float[] labels = workload.labels(examples, 2);
    AvroCodec<TrainingExample> codec = AvroCodec.examples();
    List<byte[]> encoded = new ArrayList<>();
    for (int i = 0; i < examples; i++) {
      DenseFeature feature =
          workload.feature(Arrays.copyOfRange(features, i * width, (i + 1) * width));
      System.arraycopy(DenseFeatures.values(feature), 0, features, i * width, width);
      encoded.add(
          codec.encode(
              TrainingExample.newBuilder()
                  .setId("example-" + i)
                  .setEventTime(Instant.ofEpochMilli(1_700_000_000_000L + i))
                  .setDense(List.of(feature))
                  .setCategorical(List.of())
                  .setLabel(List.of((double) labels[i]))
                  .build()));
    }
    return new Records(workload, features, labels, encoded);
  }

  int size() {
    return labels.length;
  }
}
