package io.tapestream.backend.cpu;

import io.tapestream.backend.Window;
import io.tapestream.tensor.Memory;
import io.tapestream.tensor.Tensor;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A convolution by 3×3 windows with 4 multiplications a result where others need 9: Winograd's
 * minimal filtering F(2×2, 3×3), in the form of Lavin and Gray, "Fast Algorithms for Convolutional
 * Neural Networks" (2016). Tiles of 4×4 pixels, 2 apart, are transformed, and so is the filter; at
 * each of the 16 places a product of matrices then does for all channels what an elementwise
 * product does for one; and what comes out is transformed to tiles of 2×2 results.
 *
 * <pre>
 *   forward          y       = Aᵀ [ (Bᵀ x B) · (G g Gᵀ) ] A
 *   input gradient   the same of dz, with the filter turned by half a circle, its channels exchanged
 *   filter gradient  dg      = Gᵀ [ Σ (Bᵀ x B)ᵀ · (A dz Aᵀ) ] G
 *
 *        ⎡1  0 −1  0⎤       ⎡ 1   0   0 ⎤
 *   Bᵀ = ⎢0  1  1  0⎥   G = ⎢ ½   ½   ½ ⎥   Aᵀ = ⎡1  1  1  0⎤
 *        ⎢0 −1  1  0⎥       ⎢ ½  −½   ½ ⎥        ⎣0  1 −1 −1⎦
 *        ⎣0  1  0 −1⎦       ⎣ 0   0   1 ⎦
 * </pre>
 *
 * <p>Sums of a few terms go into each factor, so results are about as exact as those of the direct
 * form, compared with the largest of them: a small one may be less exact. Tiles of some images at a
 * time stay in the cache.
 */
final class VectorWinogradConvolution implements Convolution.Plan {
  private static final int PLACES = 16;
  private static final int ROWS_AT_ONCE = 128;

  /** So many products of channels, of all places, stay in the second-level cache. */
  private static final int MOST_CHANNELS = 128 * 128;

  /** Multiplications in the time in which a tile of a channel is transformed. */
  private static final int COST_OF_A_TILE = 200;

  /** Multiplications in the time in which an element of the filter is transformed. */
  private static final int COST_OF_AN_ELEMENT = 1000;

  private final Convolution.Product product;
  private final int images;
  private final int imagesAtOnce;

  /** What is read in tiles of 4×4: x, or dz for the input's gradient. */
  private final Side source;

  /** What is written, or for the filter's gradient read, in tiles of 2×2. */
  private final Side target;

  private final int tiles;
  private final boolean relu;
  private final Memory sourceTiles;
  private final Memory targetTiles;
  private final Memory factors;
  private final FloatBuffer sourceFloats;
  private final FloatBuffer targetFloats;
  private final FloatBuffer factorFloats;
  private final float[] filter;
  private final float[] placed;
  private final float[] exchanged;
  private final float[] bias;

  /** Images and the arrays that a row of their tiles passes through. */
  private static final class Side {
    final int height;
    final int width;
    final int channels;
    final int tilesDown;
    final int tilesAcross;

    /** Pixels above and left of the first. */
    final int above;

    final int left;

    /** An image with its border, or the two rows of a row of tiles. */
    final float[] pixels;

    final int rowLength;

    /** A row of tiles by place, tile and channel. */
    final float[] places;

    /** Of each vector of a place, where its first pixel lies in a row. */
    final int[] offsets;

    Side(int height, int width, int channels, int down, int across, int above, int left, int rows) {
      this.height = height;
      this.width = width;
      this.channels = channels;
      this.tilesDown = down;
      this.tilesAcross = across;
      this.above = above;
      this.left = left;
      this.rowLength = (2 * across + 2) * channels;
      this.pixels = new float[rows * rowLength];
      this.places = new float[PLACES * across * channels];
      this.offsets = new int[across * channels / VectorWinograd.LANES];
      for (int k = 0; k < offsets.length; k++) {
        int at = k * VectorWinograd.LANES;
        offsets[k] = at + at / channels * channels;
      }
    }

    int placeLength() {
      return tilesAcross * channels;
    }

    int tiles() {
      return tilesDown * tilesAcross;
    }

    /** Reads an image into the middle of the border. */
    void read(Tensor from, int image) {
      int length = width * channels;
      for (int row = 0; row < height; row++) {
        from.read(
            (image * height + row) * length,
            pixels,
            (row + above) * rowLength + left * channels,
            length);
      }
    }
  }

  private VectorWinogradConvolution(Convolution convolution) {
    this.product = convolution.product();
    this.images = convolution.images();
    this.relu = convolution.relu();
    boolean back = product == Convolution.Product.INPUT_GRADIENT;
    Window window = convolution.window();
    int height = back ? convolution.height() : convolution.outputHeight();
    int width = back ? convolution.width() : convolution.outputWidth();
    int down = (height + 1) / 2;
    int across = (width + 1) / 2;
    int in = back ? convolution.out() : convolution.in();
    int out = back ? convolution.in() : convolution.out();
    this.source =
        new Side(
            back ? convolution.outputHeight() : convolution.height(),
            back ? convolution.outputWidth() : convolution.width(),
            in,
            down,
            across,
            back ? 2 - window.padTop() : window.padTop(),
            back ? 2 - window.padLeft() : window.padLeft(),
            2 * down + 2);
    this.target = new Side(height, width, out, down, across, 0, 0, 2 * down);
    this.tiles = source.tiles();
    this.imagesAtOnce = Math.min(images, Math.max(1, ROWS_AT_ONCE / tiles));
    this.sourceTiles = Memory.allocate(4L * PLACES * imagesAtOnce * tiles * in);
    this.targetTiles = Memory.allocate(4L * PLACES * imagesAtOnce * tiles * out);
    this.factors = Memory.allocate(4L * PLACES * in * out);
    this.sourceFloats = floats(sourceTiles);
    this.targetFloats = floats(targetTiles);
    this.factorFloats = floats(factors);
    this.filter = new float[9 * in * out];
    this.placed = new float[PLACES * in * out];
    this.exchanged = back ? new float[PLACES * in * out] : placed;
    this.bias = new float[out];
  }

  private static FloatBuffer floats(Memory memory) {
    return memory.buffer().duplicate().order(ByteOrder.nativeOrder()).asFloatBuffer();
  }

  /** The plan, or null for a convolution that others compute faster. */
  static @Nullable VectorWinogradConvolution of(Convolution convolution) {
    return isFaster(convolution) ? whereItFits(convolution) : null;
  }

  /** The plan, or null for a convolution that it can't compute. */
  static @Nullable VectorWinogradConvolution whereItFits(Convolution convolution) {
    Window window = convolution.window();
    boolean fits =
        !convolution.squashed()
            && window.height() == 3
            && window.width() == 3
            && window.strideHeight() == 1
            && window.strideWidth() == 1
            && convolution.in() % VectorWinograd.LANES == 0
            && convolution.out() % VectorWinograd.LANES == 0;
    return fits ? new VectorWinogradConvolution(convolution) : null;
  }

  /** Whether the multiplications that are saved outweigh the transforms. */
  private static boolean isFaster(Convolution convolution) {
    boolean back = convolution.product() == Convolution.Product.INPUT_GRADIENT;
    int height = back ? convolution.height() : convolution.outputHeight();
    int width = back ? convolution.width() : convolution.outputWidth();
    long tiles = (long) convolution.images() * ((height + 1) / 2) * ((width + 1) / 2);
    long pixels =
        (long) convolution.images() * convolution.outputHeight() * convolution.outputWidth();
    long channels = (long) convolution.in() * convolution.out();
    return channels <= MOST_CHANNELS
        && (9 * pixels - PLACES * tiles - COST_OF_AN_ELEMENT) * channels
            > COST_OF_A_TILE * tiles * (convolution.in() + convolution.out());
  }

  @Override
  public void run(Tensor left, Tensor right, @Nullable Tensor added, Tensor result) {
    if (product == Convolution.Product.FILTER_GRADIENT) {
      filterGradient(left, right, result);
      return;
    }
    boolean back = product == Convolution.Product.INPUT_GRADIENT;
    placeFilter(right, back);
    if (added != null) {
      added.read(0, bias, 0, bias.length);
    }
    for (int first = 0; first < images; first += imagesAtOnce) {
      int count = Math.min(imagesAtOnce, images - first);
      for (int i = 0; i < count; i++) {
        placeSource(left, first + i, i, count);
      }
      multiply(false, count * tiles, target.channels, source.channels, false);
      for (int i = 0; i < count; i++) {
        collect(result, first + i, i, count);
      }
    }
  }

  /**
   * One product a place: tiles · factors → tiles; or for the filter's gradient their transposes.
   */
  private void multiply(boolean turned, int m, int n, int k, boolean accumulate) {
    long a = sourceTiles.address();
    long b = turned ? targetTiles.address() : factors.address();
    long c = turned ? factors.address() : targetTiles.address();
    MatrixProduct each = MatrixProduct.of(turned, false, m, n, k, accumulate);
    for (int place = 0; place < PLACES; place++) {
      OpenBlas.sgemm(each, a + 4L * place * m * k, b + 4L * place * k * n, c + 4L * place * m * n);
    }
  }

  // The filter

  private void placeFilter(Tensor from, boolean back) {
    int each = source.channels * target.channels;
    for (int i = 0; i < 9; i++) {
      from.read(i * each, filter, (back ? 8 - i : i) * each, each);
    }
    VectorWinograd.placeFilter(filter, placed, each);
    if (back) {
      exchangeChannels();
    }
    factorFloats.put(0, exchanged);
  }

  /** Of the input's gradient the filter's last dimension is what is summed over. */
  private void exchangeChannels() {
    int rows = target.channels;
    int columns = source.channels;
    for (int block = 0; block < PLACES * rows; block += VectorWinograd.LANES) {
      int from = block * columns;
      int to = block / rows * rows * columns + block % rows;
      for (int j = 0; j < columns; j++) {
        for (int i = 0; i < VectorWinograd.LANES; i++) {
          exchanged[to + j * rows + i] = placed[from + i * columns + j];
        }
      }
    }
  }

  private void filterGradient(Tensor x, Tensor dz, Tensor dfilter) {
    int each = source.channels * target.channels;
    for (int first = 0; first < images; first += imagesAtOnce) {
      int count = Math.min(imagesAtOnce, images - first);
      for (int i = 0; i < count; i++) {
        placeSource(x, first + i, i, count);
        placeTarget(dz, first + i, i, count);
      }
      multiply(true, source.channels, target.channels, count * tiles, first > 0);
    }
    factorFloats.get(0, placed);
    VectorWinograd.collectFilter(placed, filter, each);
    dfilter.write(0, filter, 0, 9 * each);
  }

  // Images

  /** Transforms an image's tiles of 4×4. */
  private void placeSource(Tensor from, int image, int slot, int slots) {
    source.read(from, image);
    for (int row = 0; row < source.tilesDown; row++) {
      VectorWinograd.placeSource(
          source.pixels,
          2 * row * source.rowLength,
          source.rowLength,
          source.channels,
          source.offsets,
          source.places,
          source.placeLength());
      move(source, sourceFloats, row, slot, slots, true);
    }
  }

  /** Transforms an image's tiles of 2×2. */
  private void placeTarget(Tensor from, int image, int slot, int slots) {
    target.read(from, image);
    for (int row = 0; row < target.tilesDown; row++) {
      VectorWinograd.placeTarget(
          target.pixels,
          2 * row * target.rowLength,
          target.rowLength,
          target.channels,
          target.offsets,
          target.places,
          target.placeLength());
      move(target, targetFloats, row, slot, slots, true);
    }
  }

  /** Transforms products back to an image's tiles of 2×2. */
  private void collect(Tensor to, int image, int slot, int slots) {
    int length = target.width * target.channels;
    for (int row = 0; row < target.tilesDown; row++) {
      move(target, targetFloats, row, slot, slots, false);
      VectorWinograd.collectTarget(
          target.places,
          target.placeLength(),
          bias,
          target.channels,
          relu,
          target.offsets,
          target.pixels,
          target.rowLength);
      for (int r = 0; r < 2 && 2 * row + r < target.height; r++) {
        to.write(
            (image * target.height + 2 * row + r) * length,
            target.pixels,
            r * target.rowLength,
            length);
      }
    }
  }

  /** Moves a row of tiles between the arrays and the matrices. */
  private void move(Side side, FloatBuffer matrices, int row, int slot, int slots, boolean into) {
    int length = side.placeLength();
    int matrix = slots * tiles * side.channels;
    int at = (slot * tiles + row * side.tilesAcross) * side.channels;
    for (int place = 0; place < PLACES; place++, at += matrix) {
      if (into) {
        matrices.put(at, side.places, place * length, length);
      } else {
        matrices.get(at, side.places, place * length, length);
      }
    }
  }

  @Override
  public void close() {
    sourceTiles.close();
    targetTiles.close();
    factors.close();
  }
}
