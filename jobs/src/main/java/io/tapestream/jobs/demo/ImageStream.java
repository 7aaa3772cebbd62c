package io.tapestream.jobs.demo;

import io.tapestream.jobs.demo.FashionMnist.Images;
import io.tapestream.jobs.feed.ExampleReader;
import io.tapestream.jobs.feed.IdxFile;
import io.tapestream.schemas.DenseFeatures;
import io.tapestream.schemas.avro.TrainingExample;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import io.tapestream.training.Batch;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * The stream that the demo trains on: several passes over the images, each in an order of its own,
 * dealt to the partitions in turn. Record i goes to partition {@code i mod partitions}.
 */
final class ImageStream {
  /** Name of the feature that holds the pixels. */
  static final String FEATURE = "image";

  private final Images images;
  private final int partitions;
  private final int[] order;

  /**
   * A stream.
   *
   * @param passes over all images
   * @param seed of the orders
   */
  ImageStream(Images images, int passes, int partitions, long seed) {
    this.images = images;
    this.partitions = partitions;
    // Whole records for each partition, so that all of them end at the same offset.
    this.order = new int[images.count() * passes / partitions * partitions];
    Random random = new Random(seed);
    int[] pass = new int[images.count()];
    for (int i = 0; i < order.length; i++) {
      if (i % pass.length == 0) {
        shuffle(pass, random);
      }
      order[i] = pass[i % pass.length];
    }
  }

  /** Records in all partitions together. */
  int records() {
    return order.length;
  }

  /** Records in each partition. */
  int recordsPerPartition() {
    return order.length / partitions;
  }

  /** The records in their order; a feeder deals them to the partitions in turn. */
  ExampleReader examples() {
    return new Examples();
  }

  /**
   * The same records as the batches that the parameter server sees: batch t joins the t-th
   * mini-batches of all partitions, in the order of the partitions. The tensors of one batch are
   * reused for the next.
   *
   * @param perPartition records in a mini-batch of one partition
   */
  Iterable<Batch> rounds(int perPartition) {
    return () -> new Rounds(perPartition);
  }

  private static void shuffle(int[] pass, Random random) {
    for (int i = 0; i < pass.length; i++) {
      int j = random.nextInt(i + 1);
      pass[i] = pass[j];
      pass[j] = i;
    }
  }

  private final class Examples implements ExampleReader {
    private int next;

    @Override
    public @Nullable TrainingExample next() {
      if (next == order.length) {
        return null;
      }
      int image = order[next++];
      return new TrainingExample(
          "fashion-" + image,
          Instant.now().truncatedTo(ChronoUnit.MILLIS),
          List.of(
              DenseFeatures.bytes(
                  FEATURE,
                  images.bytes(image),
                  IdxFile.TO_UNIT,
                  FashionMnist.SIDE,
                  FashionMnist.SIDE,
                  1)),
          List.of(),
          List.of((double) images.label(image)),
          1f);
    }
  }

  private final class Rounds implements Iterator<Batch> {
    private final int perPartition;
    private final Batch whole;
    private final float[] pixels = new float[FashionMnist.PIXELS];
    private int next; // of each partition

    Rounds(int perPartition) {
      this.perPartition = perPartition;
      int rows = partitions * perPartition;
      this.whole =
          Batch.of(
              Tensor.zeros(DType.FLOAT32, Shape.of(rows, FashionMnist.SIDE, FashionMnist.SIDE, 1)),
              Tensor.zeros(DType.FLOAT32, Shape.of(rows)));
    }

    @Override
    public boolean hasNext() {
      return next < recordsPerPartition();
    }

    @Override
    public Batch next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      int until = Math.min(next + perPartition, recordsPerPartition());
      int row = 0;
      for (int partition = 0; partition < partitions; partition++) {
        for (int i = next; i < until; i++) {
          int image = order[i * partitions + partition];
          images.read(image, pixels, 0);
          whole.features().write(row * pixels.length, pixels, 0, pixels.length);
          whole.labels().write(row, new float[] {images.label(image)}, 0, 1);
          row++;
        }
      }
      next = until;
      return whole.slice(0, row);
    }
  }
}
