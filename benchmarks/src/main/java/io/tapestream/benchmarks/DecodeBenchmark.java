package io.tapestream.benchmarks;

import io.tapestream.operators.InputSettings;
import io.tapestream.operators.RecordFormat;
import io.tapestream.operators.decode.DecodedBatch;
import io.tapestream.operators.decode.ExampleDecoder;
import io.tapestream.operators.source.RawRecord;
import io.tapestream.schemas.ArrowExampleWriter;
import io.tapestream.schemas.AvroCodec;
import io.tapestream.schemas.DenseFeatures;
import io.tapestream.schemas.avro.DenseFeature;
import io.tapestream.schemas.avro.TrainingExample;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.IntStream;

/** From raw records to a batch's columns, on one core, beside Avro's own reader. */
public final class DecodeBenchmark implements Benchmark {
  private static final int BATCH = 256;
  private static final int COLUMNS = 40;
  private static final int PIXELS = 28 * 28;
  private static final Interleaved PACE =
      new Interleaved(Duration.ofSeconds(2), Duration.ofMillis(500), 7);

  /** What is decoded, and by whom. */
  private record Decoding(
      String name, InputSettings input, List<RawRecord> records, boolean avrosOwn) {}

  /** Makes the benchmark. */
  public DecodeBenchmark() {}

  @Override
  public String name() {
    return "decode";
  }

  @Override
  public String summary() {
    return "records/s from raw bytes to a batch's columns, per format, over Avro's own reader";
  }

  @Override
  public Report run(Pace pace) throws Exception {
    List<Decoding> contestants = new ArrayList<>();
    Random random = new Random(1);
    contestants.addAll(
        both("image, bytes", List.of("x"), List.of(28, 28, 1), i -> List.of(pixels(random))));
    contestants.addAll(
        both(
            "image, floats",
            List.of("x"),
            List.of(28, 28, 1),
            i -> List.of(DenseFeatures.floats("x", floats(random, PIXELS), 28, 28, 1))));
    contestants.addAll(
        both(
            "40 values, one vector",
            List.of("x"),
            List.of(COLUMNS),
            i -> List.of(DenseFeatures.floats("x", floats(random, COLUMNS), COLUMNS))));
    contestants.addAll(
        both(
            "40 values, named each",
            IntStream.range(0, COLUMNS).mapToObj(i -> "column_" + i).toList(),
            List.of(COLUMNS),
            i ->
                IntStream.range(0, COLUMNS)
                    .mapToObj(c -> DenseFeatures.scalar("column_" + c, random.nextFloat()))
                    .toList()));
    return measure(pace.of(PACE), contestants);
  }

  private static Report measure(Interleaved pace, List<Decoding> contestants) throws Exception {
    List<ExampleDecoder> decoders = new ArrayList<>();
    Map<String, Interleaved.Step> steps = new LinkedHashMap<>();
    for (Decoding contestant : contestants) {
      steps.put(contestant.name(), step(contestant, decoders));
    }
    try {
      Interleaved.Speeds speeds = pace.measure(steps);
      Report report = new Report();
      for (Decoding contestant : contestants) {
        long bytes = contestant.records().stream().mapToLong(r -> r.value().length).sum();
        double batches = speeds.median(contestant.name());
        String peer = contestant.name().replaceFirst("\\(.*", "(Avro's reader)");
        report
            .row("records", contestant.name())
            .with("bytes/record", (double) bytes / BATCH)
            .with("records/s", batches * BATCH)
            .with("MB/s", batches * bytes / 1e6)
            .with("over Avro's reader", speeds.ratio(contestant.name(), peer));
      }
      return report;
    } finally {
      decoders.forEach(ExampleDecoder::close);
    }
  }

  private static Interleaved.Step step(Decoding contestant, List<ExampleDecoder> decoders) {
    if (contestant.avrosOwn()) {
      AvroCodec<TrainingExample> codec = AvroCodec.examples();
      float[] row = new float[contestant.input().size()];
      return () -> {
        for (RawRecord raw : contestant.records()) {
          int at = 0;
          for (DenseFeature feature : codec.decode(raw.value()).getDense()) {
            float[] values = DenseFeatures.values(feature);
            System.arraycopy(values, 0, row, at, values.length);
            at += values.length;
          }
        }
      };
    }
    ExampleDecoder decoder = new ExampleDecoder(contestant.input(), 10);
    decoders.add(decoder);
    return () -> {
      DecodedBatch decoded = decoder.decode(contestant.records());
      if (decoded.batch().size() != BATCH) {
        throw new IllegalStateException("rejected " + decoded.rejected());
      }
    };
  }

  private static List<Decoding> both(
      String name,
      List<String> features,
      List<Integer> shape,
      Function<Integer, List<DenseFeature>> dense) {
    List<TrainingExample> examples =
        IntStream.range(0, BATCH)
            .mapToObj(
                i ->
                    TrainingExample.newBuilder()
                        .setId("example-" + i)
                        .setEventTime(Instant.ofEpochMilli(1_700_000_000_000L + i))
                        .setDense(dense.apply(i))
                        .setCategorical(List.of())
                        .setLabel(List.of((double) (i % 10)))
                        .build())
            .toList();
    AvroCodec<TrainingExample> codec = AvroCodec.examples();
    List<RawRecord> avro =
        IntStream.range(0, BATCH)
            .mapToObj(i -> RawRecord.of(i, 0, codec.encode(examples.get(i))))
            .toList();
    List<RawRecord> arrow;
    try (ArrowExampleWriter writer = new ArrowExampleWriter()) {
      arrow = List.of(new RawRecord(0, 0, writer.write(examples), 0, BATCH));
    }
    InputSettings avroInput = new InputSettings(RecordFormat.AVRO, features, shape, 1);
    InputSettings arrowInput = new InputSettings(RecordFormat.ARROW, features, shape, 1);
    return List.of(
        new Decoding(name + " (Avro)", avroInput, avro, false),
        new Decoding(name + " (Arrow)", arrowInput, arrow, false),
        new Decoding(name + " (Avro's reader)", avroInput, avro, true));
  }

  private static DenseFeature pixels(Random random) {
    byte[] bytes = new byte[PIXELS];
    random.nextBytes(bytes);
    return DenseFeatures.bytes("x", bytes, 1 / 255f, 28, 28, 1);
  }

  private static float[] floats(Random random, int n) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = random.nextFloat();
    }
    return values;
  }
}
