package io.tapestream.benchmarks.chaos;

import io.tapestream.jobs.demo.LeNet;
import io.tapestream.schemas.DenseFeatures;
import io.tapestream.schemas.avro.DenseFeature;
import io.tapestream.schemas.avro.TrainingExample;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;

/** What is learned while things are killed. */
public enum Workload {
  /** Counters: each record's weight says how often it has counted. */
  LEDGER {
    @Override
    Class<?> modelClass() {
      return Ledger.class;
    }

    @Override
    public String model(int records) {
      int side = side(records);
      return """
          input: {features: [x], shape: [%d]}
          model: {class: %s, settings: {side: %d}}
          loss: {type: SumLoss}
          optimizer: {type: Sgd, learningRate: 1.0}
          """
          .formatted(2 * side, Ledger.class.getName(), side);
    }

    @Override
    int parameters(int records) {
      return side(records) * side(records);
    }

    @Override
    public TrainingExample example(int record, int records) {
      int side = side(records);
      byte[] places = new byte[2 * side];
      places[record / side] = 1;
      places[side + record % side] = 1;
      return avro(record, 0, DenseFeatures.bytes("x", places, 1f, 2 * side));
    }

    @Override
    public Optional<String> miscount(float[] weights, int records) {
      int wrong = 0;
      int first = -1;
      for (int record = 0; record < weights.length; record++) {
        if (weights[record] != (record < records ? 1f : 0f)) {
          first = wrong++ == 0 ? record : first;
        }
      }
      return wrong == 0
          ? Optional.empty()
          : Optional.of(
              "%d records did not count once; the first, %d, counted %s times"
                  .formatted(wrong, first, weights[first]));
    }
  },

  /** LeNet on pictures of a patch whose place is the label. */
  LENET {
    private static final int IMAGE = 28;
    private static final int PATCH = 7;

    @Override
    Class<?> modelClass() {
      return LeNet.class;
    }

    @Override
    public String model(int records) {
      return """
          input: {features: [image], shape: [28, 28, 1]}
          model: {class: %s}
          loss: {type: SparseCategoricalCrossEntropy, fromLogits: true}
          optimizer: {type: Adam, learningRate: 0.001}
          """
          .formatted(LeNet.class.getName());
    }

    @Override
    int parameters(int records) {
      return 61_706;
    }

    @Override
    public TrainingExample example(int record, int records) {
      SplittableRandom random = new SplittableRandom(record);
      byte[] pixels = new byte[IMAGE * IMAGE];
      random.nextBytes(pixels);
      int label = random.nextInt(10);
      for (int row = 0; row < PATCH; row++) {
        int from = (label / 4 * PATCH + row) * IMAGE + label % 4 * PATCH;
        Arrays.fill(pixels, from, from + PATCH, (byte) 255);
      }
      return avro(record, label, DenseFeatures.bytes("image", pixels, 1 / 255f, IMAGE, IMAGE, 1));
    }

    @Override
    public Optional<String> miscount(float[] weights, int records) {
      return Optional.empty(); // they tell only beside those of an undisturbed run
    }
  };

  /** The model, whose jar travels with the job as a user's own would. */
  abstract Class<?> modelClass();

  /** The lines of the job's file that say what is learned, a key each. */
  public abstract String model(int records);

  /** How many values the model learns. */
  abstract int parameters(int records);

  /** Record number {@code record} of so many. */
  public abstract TrainingExample example(int record, int records);

  /** What the weights of a finished run say of records that did not count once. */
  public abstract Optional<String> miscount(float[] weights, int records);

  /** As a row of a table names it. */
  String title() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Values of a block, of which the model then takes four. */
  public int blockFloats(int records) {
    return (parameters(records) + 3) / 4;
  }

  private static int side(int records) {
    return (int) Math.ceil(Math.sqrt(records));
  }

  private static TrainingExample avro(int id, int label, DenseFeature feature) {
    return TrainingExample.newBuilder()
        .setId(Integer.toString(id))
        .setEventTime(Instant.ofEpochMilli(1_700_000_000_000L + id))
        .setDense(List.of(feature))
        .setCategorical(List.of())
        .setLabel(List.of((double) label))
        .setWeight(1f)
        .build();
  }
}
