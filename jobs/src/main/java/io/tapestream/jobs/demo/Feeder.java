package io.tapestream.jobs.demo;

import io.tapestream.jobs.feed.IdxFile;
import io.tapestream.schemas.AvroCodec;
import io.tapestream.schemas.avro.DenseEncoding;
import io.tapestream.schemas.avro.DenseFeature;
import io.tapestream.schemas.avro.TrainingExample;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/** Produces the images as Avro records, as fast as asked, on a thread of its own. */
final class Feeder implements AutoCloseable {
  static final String FEATURE = "image";

  /** Records are sent in bursts this far apart. */
  private static final Duration BURST = Duration.ofMillis(20);

  private final ImageStream stream;
  private final String topic;
  private final double perSecond;
  private final KafkaProducer<byte[], byte[]> producer;
  private final AvroCodec<TrainingExample> codec = AvroCodec.examples();
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Thread thread = new Thread(this::feed, "feeder");
  private volatile @Nullable RuntimeException failure;

  /**
   * Starts to feed.
   *
   * @param perSecond records a second over all partitions
   */
  Feeder(ImageStream stream, String bootstrap, String topic, double perSecond) {
    this.stream = stream;
    this.topic = topic;
    this.perSecond = perSecond;
    this.producer =
        new KafkaProducer<>(
            Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrap,
                ProducerConfig.LINGER_MS_CONFIG,
                5,
                ProducerConfig.BATCH_SIZE_CONFIG,
                256 * 1024),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    thread.setDaemon(true);
    thread.start();
  }

  /** Throws what made the feeder stop early, if anything did. */
  void check() {
    RuntimeException thrown = failure;
    if (thrown != null) {
      throw new IllegalStateException("the feeder stopped", thrown);
    }
  }

  /** Stops early if it is not done. */
  @Override
  public void close() {
    closing.countDown();
    producer.close(Duration.ofSeconds(1));
  }

  private void feed() {
    try {
      long start = System.nanoTime();
      int sent = 0;
      while (sent < stream.records() && !closing.await(BURST.toMillis(), TimeUnit.MILLISECONDS)) {
        double due = (System.nanoTime() - start) / 1e9 * perSecond;
        for (; sent < Math.min(due, stream.records()); sent++) {
          var unused = // the callback tells
              producer.send(
                  new ProducerRecord<>(topic, stream.partition(sent), null, record(sent)),
                  (metadata, error) -> sent(error));
        }
      }
      producer.flush();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      if (closing.getCount() > 0) {
        failure = e;
      }
    }
  }

  private void sent(@Nullable Exception error) {
    if (error != null && closing.getCount() > 0) {
      failure = new IllegalStateException("a record could not be sent", error);
    }
  }

  private byte[] record(int index) {
    int image = stream.image(index);
    DenseFeature pixels =
        new DenseFeature(
            FEATURE,
            List.of(FashionMnist.SIDE, FashionMnist.SIDE, 1),
            DenseEncoding.UINT8,
            IdxFile.TO_UNIT,
            ByteBuffer.wrap(stream.images().bytes(image)));
    return codec.encode(
        new TrainingExample(
            "fashion-" + image,
            Instant.now().truncatedTo(ChronoUnit.MILLIS),
            List.of(pixels),
            List.of(),
            List.of((double) stream.images().label(image)),
            1f));
  }
}
