package io.tapestream.jobs.demo;

import io.tapestream.jobs.feed.IdxFile;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Fashion-MNIST (Xiao, Rasul and Vollgraf, 2017): grey images of 28×28 pixels in ten classes.
 *
 * @param training what the stream is made of
 * @param heldOut what no record ever shows
 */
record FashionMnist(Images training, Images heldOut) {
  static final int SIDE = 28;
  static final int PIXELS = SIDE * SIDE;

  static final List<String> CLASSES =
      List.of(
          "T-shirt/top",
          "Trouser",
          "Pullover",
          "Dress",
          "Coat",
          "Sandal",
          "Shirt",
          "Sneaker",
          "Bag",
          "Ankle boot");

  private static final int HELD_OUT = 2_000;

  /**
   * Some images of a file with their classes.
   *
   * @param first of the file that belongs to them
   * @param count how many do
   */
  record Images(IdxFile pixels, IdxFile labels, int first, int count) {
    int label(int image) {
      return labels.value(first + image, 0);
    }

    /** The bytes of one image. */
    byte[] bytes(int image) {
      return pixels.item(first + image);
    }

    /** One image as the model sees it, each pixel in 0 … 1. */
    void read(int image, float[] into, int from) {
      for (int i = 0; i < PIXELS; i++) {
        into[from + i] = pixels.value(first + image, i) * IdxFile.TO_UNIT;
      }
    }

    private Images slice(int from, int to) {
      return new Images(pixels, labels, first + from, to - from);
    }
  }

  /** The 10,000 images that come with the program: 8,000 to train on and 2,000 held out. */
  static FashionMnist shipped() throws IOException {
    Images all = images(null, "t10k");
    int split = all.count() - HELD_OUT;
    return new FashionMnist(all.slice(0, split), all.slice(split, all.count()));
  }

  /**
   * The full set: 60,000 images to train on and 10,000 held out.
   *
   * @param directory with the four IDX files under their usual names, with or without {@code .gz}
   */
  static FashionMnist full(Path directory) throws IOException {
    return new FashionMnist(images(directory, "train"), images(directory, "t10k"));
  }

  private static Images images(@Nullable Path directory, String prefix) throws IOException {
    IdxFile pixels = read(directory, prefix + "-images-idx3-ubyte");
    IdxFile labels = read(directory, prefix + "-labels-idx1-ubyte");
    if (!pixels.itemShape().equals(List.of(SIDE, SIDE)) || pixels.count() != labels.count()) {
      throw new IOException(
          prefix
              + ": "
              + pixels.count()
              + " images of shape "
              + pixels.itemShape()
              + " and "
              + labels.count()
              + " labels; expected as many labels as images of "
              + List.of(SIDE, SIDE));
    }
    return new Images(pixels, labels, 0, pixels.count());
  }

  private static IdxFile read(@Nullable Path directory, String name) throws IOException {
    if (directory == null) {
      try (InputStream shipped =
          FashionMnist.class.getResourceAsStream("/fashion-mnist/" + name + ".gz")) {
        if (shipped == null) {
          throw new FileNotFoundException("the program was packaged without " + name);
        }
        return IdxFile.read(shipped, name);
      }
    }
    Path packed = directory.resolve(name + ".gz");
    Path plain = directory.resolve(name);
    if (!Files.exists(packed) && !Files.exists(plain)) {
      throw new FileNotFoundException(
          "there is no " + name + " in " + directory + ", with or without .gz");
    }
    return IdxFile.read(Files.exists(packed) ? packed : plain);
  }
}
