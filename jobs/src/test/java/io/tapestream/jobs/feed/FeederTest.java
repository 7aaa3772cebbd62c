package io.tapestream.jobs.feed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.operators.RecordFormat;
import io.tapestream.schemas.ArrowStream;
import io.tapestream.schemas.AvroCodec;
import io.tapestream.schemas.DenseFeatures;
import io.tapestream.schemas.avro.TrainingExample;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

final class FeederTest {
  private static final Clock CLOCK = Clock.fixed(Instant.ofEpochMilli(5), ZoneOffset.UTC);

  private final MockProducer<byte[], byte[]> producer = producer(true);

  private static MockProducer<byte[], byte[]> producer(boolean answers) {
    return new MockProducer<>(answers, null, new ByteArraySerializer(), new ByteArraySerializer());
  }

  private static ExampleReader examples(int n) {
    Iterator<Integer> numbers = IntStream.range(0, n).iterator();
    return () ->
        numbers.hasNext()
            ? TrainingExample.newBuilder()
                .setId("" + numbers.next())
                .setEventTime(CLOCK.instant())
                .setDense(List.of(DenseFeatures.scalar("x", 1)))
                .setLabel(List.of(1.0))
                .build()
            : null;
  }

  private List<String> ids(int partition) throws Exception {
    List<String> ids = new ArrayList<>();
    for (ProducerRecord<byte[], byte[]> sent : producer.history()) {
      if (sent.partition() == partition) {
        if (AvroCodec.isSingleObject(sent.value())) {
          ids.add(AvroCodec.examples().decode(sent.value()).getId());
        } else {
          ArrowStream.read(sent.value()).examples().forEach(e -> ids.add(e.getId()));
        }
      }
    }
    return ids;
  }

  @Test
  void examplesAreDealtToThePartitionsInTurn() throws Exception {
    try (Feeder feeder = new Feeder(producer, "t", 3, RecordFormat.AVRO, 1)) {
      assertThat(feeder.feed(examples(8), Feeder.AS_FAST_AS_POSSIBLE)).isEqualTo(8);
      assertThat(feeder.examples()).isEqualTo(8);
      assertThat(feeder.records()).isEqualTo(8);
      assertThat(feeder.bytes()).isPositive();
    }

    assertThat(ids(0)).containsExactly("0", "3", "6");
    assertThat(ids(1)).containsExactly("1", "4", "7");
    assertThat(ids(2)).containsExactly("2", "5");
  }

  @Test
  void arrowRecordsHoldTheSameExamplesInTheSameOrder() throws Exception {
    try (Feeder feeder = new Feeder(producer, "t", 2, RecordFormat.ARROW, 3)) {
      feeder.feed(examples(11), Feeder.AS_FAST_AS_POSSIBLE);
      assertThat(feeder.records()).isEqualTo(4);
    }

    assertThat(ids(0)).containsExactly("0", "2", "4", "6", "8", "10");
    assertThat(ids(1)).containsExactly("1", "3", "5", "7", "9");
  }

  @Test
  void examplesAreDueAtAnEvenPace() {
    assertThat(Feeder.dueNanos(0, 100)).isZero();
    assertThat(Feeder.dueNanos(20, 100)).isEqualTo(200_000_000);
    assertThat(Feeder.dueNanos(1, 0.001)).isEqualTo(1_000_000_000_000L);
    assertThat(Feeder.dueNanos(1_000_000, Feeder.AS_FAST_AS_POSSIBLE)).isZero();
  }

  @Test
  void closingEndsAFeedThatWaits() throws Exception {
    Feeder feeder = new Feeder(producer, "t", 1, RecordFormat.AVRO, 1);
    Thread closer = new Thread(feeder::close);
    ExampleReader closing = // closes when the first example has been fed
        new ExampleReader() {
          private final ExampleReader all = examples(5);

          @Override
          public TrainingExample next() throws IOException {
            if (feeder.examples() == 1 && closer.getState() == Thread.State.NEW) {
              closer.start();
            }
            return all.next();
          }
        };

    assertThat(feeder.feed(closing, 0.001)).isEqualTo(1);
    closer.join();
  }

  @Test
  void aRecordThatTheBrokerRefusesEndsTheFeedWithTheReason() {
    MockProducer<byte[], byte[]> refusing = producer(false);
    try (Feeder feeder = new Feeder(refusing, "t", 1, RecordFormat.ARROW, 2)) {
      assertThatThrownBy(
              () -> {
                feeder.feed(examples(1).next());
                feeder.feed(examples(1).next());
                refusing.errorNext(new RecordTooLargeException("too large"));
                feeder.flush();
              })
          .isInstanceOf(IOException.class)
          .hasMessageContaining("lower the rows per record");
    }
  }

  @Test
  void idxFilesBecomeImagesWithTheirClasses() throws Exception {
    byte[] images = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 10, 20, 30, (byte) 255};
    byte[] labels = {0, 0, 8, 1, 0, 0, 0, 2, 7, 9};
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
      gzip.write(images);
    }
    IdxFile items = IdxFile.read(new ByteArrayInputStream(packed.toByteArray()), "images.gz");
    IdxFile classes = IdxFile.read(new ByteArrayInputStream(labels), "labels");

    try (var examples = new IdxExamples(items, classes, "image", "set", CLOCK)) {
      examples.next();
      assertThat(examples.next())
          .isEqualTo(
              new TrainingExample(
                  "set-1",
                  CLOCK.instant(),
                  List.of(
                      DenseFeatures.bytes("image", new byte[] {30, (byte) 255}, 1 / 255f, 1, 2, 1)),
                  List.of(),
                  List.of(9.0),
                  1f));
      assertThat(examples.next()).isNull();
    }
    assertThatThrownBy(() -> new IdxExamples(classes, items, "image", "set", CLOCK))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("items first");
    assertThatThrownBy(() -> IdxFile.read(new ByteArrayInputStream(images, 0, 18), "cut"))
        .hasMessageContaining("cut ends before");
  }
}
