package io.tapestream.benchmarks.compression;

import io.tapestream.jobs.demo.LeNet;
import io.tapestream.jobs.feed.IdxFile;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import io.tapestream.training.Batch;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;

/** The demo's images: those of Fashion-MNIST that come with the program. */
record Images(IdxFile pixels, IdxFile labels) {

  private static final int SIDE = 28;
  private static final int PIXELS = SIDE * SIDE;

  static Images shipped() throws IOException {
    return new Images(read("t10k-images-idx3-ubyte"), read("t10k-labels-idx1-ubyte"));
  }

  private static IdxFile read(String name) throws IOException {
    try (InputStream file = LeNet.class.getResourceAsStream("/fashion-mnist/" + name + ".gz")) {
      if (file == null) {
        throw new FileNotFoundException("the program was packaged without " + name);
      }
      return IdxFile.read(file, name);
    }
  }

  int count() {
    return pixels.count();
  }

  static Shape shape() {
    return Shape.of(SIDE, SIDE, 1);
  }

  /** Memory for so many images. */
  static Batch room(int images) {
    return Batch.of(
        Tensor.zeros(DType.FLOAT32, Shape.of(images, SIDE, SIDE, 1)),
        Tensor.zeros(DType.FLOAT32, Shape.of(images)));
  }

  /** Writes the image that stands at {@code index} into row {@code row}. */
  void write(int index, Batch into, int row) {
    float[] unit = new float[PIXELS];
    for (int i = 0; i < PIXELS; i++) {
      unit[i] = pixels.value(index, i) * IdxFile.TO_UNIT;
    }
    into.features().write(row * PIXELS, unit, 0, PIXELS);
    into.labels().write(row, new float[] {labels.value(index, 0)}, 0, 1);
  }
}
