package io.tapestream.jobs.feed;

import io.tapestream.operators.KafkaSettings;
import io.tapestream.operators.RecordFormat;
import io.tapestream.schemas.ArrowExampleWriter;
import io.tapestream.schemas.AvroCodec;
import io.tapestream.schemas.avro.TrainingExample;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/**
 * Puts examples on a topic, always in the same places: the i-th example goes to partition {@code i
 * mod partitions}, whatever the format. As Avro an example is a record; as Arrow a record holds the
 * next examples of its partition, so both give a trainer the same mini-batches.
 *
 * <pre>{@code
 * try (Feeder feeder = Feeder.connect(kafka, "images", RecordFormat.AVRO, 1);
 *     ExampleReader examples = IdxExamples.open(images, labels, "image")) {
 *   feeder.feed(examples, Feeder.AS_FAST_AS_POSSIBLE);
 * }
 * }</pre>
 *
 * One thread feeds; others may watch and close.
 */
public final class Feeder implements AutoCloseable {
  /** Paces nothing. */
  public static final double AS_FAST_AS_POSSIBLE = Double.POSITIVE_INFINITY;

  /** How many examples an Arrow record holds if nothing else is said. */
  public static final int DEFAULT_ROWS_PER_RECORD = 256;

  // configuration
  private final Producer<byte[], byte[]> producer;
  private final String topic;
  private final RecordFormat format;
  private final int rowsPerRecord;

  // runtime
  private final AvroCodec<TrainingExample> avro = AvroCodec.examples();
  private final ArrowExampleWriter arrow = new ArrowExampleWriter();
  private final List<List<TrainingExample>> waiting = new ArrayList<>(); // per partition, for Arrow
  private final AtomicLong examples = new AtomicLong();
  private final AtomicLong records = new AtomicLong();
  private final AtomicLong bytes = new AtomicLong();
  private final AtomicReference<@Nullable Exception> failure = new AtomicReference<>();
  private final CountDownLatch closing = new CountDownLatch(1);

  /**
   * Connects to a cluster.
   *
   * @param topic a topic that is there
   * @param rowsPerRecord examples in an Arrow record; without meaning for Avro
   * @throws IOException if the topic's partitions can't be learned
   */
  public static Feeder connect(
      KafkaSettings kafka, String topic, RecordFormat format, int rowsPerRecord)
      throws IOException {
    Properties properties = kafka.toProperties();
    properties.putIfAbsent(ProducerConfig.LINGER_MS_CONFIG, "5");
    properties.putIfAbsent(ProducerConfig.BATCH_SIZE_CONFIG, "262144");
    properties.putIfAbsent(ProducerConfig.MAX_BLOCK_MS_CONFIG, "20000");
    KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
    try {
      return new Feeder(
          producer, topic, producer.partitionsFor(topic).size(), format, rowsPerRecord);
    } catch (KafkaException e) {
      producer.close(Duration.ZERO);
      throw new IOException(
          "topic '%s' at %s can't be fed: %s; is the broker running, and does the topic exist?"
              .formatted(topic, kafka.bootstrapServers(), e.getMessage()),
          e);
    }
  }

  /**
   * Feeds through a producer, which is closed with this feeder.
   *
   * @param partitions of the topic, over which examples are dealt
   * @param rowsPerRecord examples in an Arrow record; without meaning for Avro
   */
  public Feeder(
      Producer<byte[], byte[]> producer,
      String topic,
      int partitions,
      RecordFormat format,
      int rowsPerRecord) {
    if (partitions < 1 || rowsPerRecord < 1) {
      throw new IllegalArgumentException(
          "partitions and rows per record must be at least 1, not %d and %d"
              .formatted(partitions, rowsPerRecord));
    }
    this.producer = producer;
    this.topic = topic;
    this.format = format;
    this.rowsPerRecord = rowsPerRecord;
    for (int partition = 0; partition < partitions; partition++) {
      waiting.add(new ArrayList<>());
    }
  }

  /**
   * Feeds all examples of a reader and waits until the broker has them. Called again, it goes on
   * with the next partition.
   *
   * @param source where the examples come from
   * @param perSecond examples a second, over all partitions
   * @return how many examples were fed; fewer than there are only if the feeder was closed
   *     meanwhile
   * @throws IOException if the source can't be read, or the broker doesn't take a record; what was
   *     fed before stays
   */
  public long feed(ExampleReader source, double perSecond) throws IOException {
    long start = System.nanoTime();
    long before = examples.get();
    for (TrainingExample example = source.next();
        example != null && awaitTurn(start, examples.get() - before, perSecond);
        example = source.next()) {
      feed(example);
    }
    flush();
    return examples.get() - before;
  }

  /** Feeds one example, at once for Avro, with its record's others for Arrow. */
  public void feed(TrainingExample example) throws IOException {
    throwFailure();
    int partition = (int) (examples.get() % waiting.size());
    switch (format) {
      case AVRO -> send(partition, avro.encode(example), 1);
      case ARROW -> {
        List<TrainingExample> rows = waiting.get(partition);
        rows.add(example);
        if (rows.size() == rowsPerRecord) {
          sendRows(partition, rows);
        }
      }
    }
    examples.incrementAndGet();
  }

  /** Sends what waits for its record to fill, and waits until the broker has everything. */
  public void flush() throws IOException {
    for (int partition = 0; partition < waiting.size(); partition++) {
      if (!waiting.get(partition).isEmpty()) {
        sendRows(partition, waiting.get(partition));
      }
    }
    if (closing.getCount() > 0) {
      producer.flush();
    }
    throwFailure();
  }

  /** Examples fed so far. */
  public long examples() {
    return examples.get();
  }

  /** Records made of them so far. */
  public long records() {
    return records.get();
  }

  /** Bytes of those records, before any compression. */
  public long bytes() {
    return bytes.get();
  }

  private void sendRows(int partition, List<TrainingExample> rows) throws IOException {
    byte[] stream;
    synchronized (arrow) { // closed by another thread, perhaps
      if (closing.getCount() == 0) {
        return;
      }
      try {
        stream = arrow.write(rows);
      } catch (IllegalArgumentException e) {
        throw new IOException(
            "of the %d examples of partition %d up to example %d: %s"
                .formatted(rows.size(), partition, examples.get(), e.getMessage()),
            e);
      }
    }
    send(partition, stream, rows.size());
    rows.clear();
  }

  private void send(int partition, byte[] value, int rows) throws IOException {
    if (closing.getCount() == 0) {
      return;
    }
    try {
      var unused = // the callback tells
          producer.send(
              new ProducerRecord<>(topic, partition, null, value),
              (metadata, error) -> sent(error, value.length, rows));
    } catch (KafkaException | IllegalStateException e) {
      if (closing.getCount() == 0) {
        return; // closed meanwhile by another thread
      }
      throw new IOException("topic '" + topic + "' takes no records: " + e.getMessage(), e);
    }
    records.incrementAndGet();
    bytes.addAndGet(value.length);
  }

  private void sent(@Nullable Exception error, int length, int rows) {
    if (error instanceof RecordTooLargeException && rows > 1) {
      failure.compareAndSet(
          null,
          new IOException(
              "an Arrow record of %d examples has %d bytes, more than the broker takes: lower the rows per record"
                  .formatted(rows, length),
              error));
    } else if (error != null) {
      failure.compareAndSet(null, error);
    }
  }

  private void throwFailure() throws IOException {
    Exception thrown = failure.get();
    if (thrown != null && closing.getCount() > 0) {
      throw new IOException("topic '" + topic + "': " + thrown.getMessage(), thrown);
    }
  }

  /** Waits until the next example is due; false if the feeder is closed meanwhile. */
  private boolean awaitTurn(long start, long fed, double perSecond) throws IOException {
    try {
      long left = dueNanos(fed, perSecond) - (System.nanoTime() - start);
      return !closing.await(left, TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while feeding topic '" + topic + "'", e);
    }
  }

  /** How long after the start the next example is due, in nanoseconds, when so many are fed. */
  static long dueNanos(long fed, double perSecond) {
    return (long) (fed / perSecond * 1e9);
  }

  /** Stops, giving what is on its way a second to arrive. */
  @Override
  public void close() {
    closing.countDown();
    producer.close(Duration.ofSeconds(1));
    synchronized (arrow) {
      arrow.close();
    }
  }
}
