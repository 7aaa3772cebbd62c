package io.tapestream.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.backend.Activation;
import io.tapestream.backend.Padding;
import io.tapestream.backend.Window;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.Random;
import java.util.stream.Stream;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.Loader;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Each way to convolve, against sums written down from the definition in double precision. */
class ConvolutionsTest {
  private static final double TOLERANCE = 1e-5;

  @BeforeAll
  static void load() {
    OpenBlas.load();
    Loader.load(dnnl.class);
  }

  /** A geometry: images, height, width, in, out, window height and width, strides, padding. */
  private record Geometry(
      int n, int h, int w, int in, int out, int kh, int kw, int sh, int sw, Padding padding) {
    Window window() {
      return Window.of(h, w, kh, kw, sh, sw, padding);
    }

    Shape x() {
      return Shape.of(n, h, w, in);
    }

    Shape filter() {
      return Shape.of(kh, kw, in, out);
    }

    Shape y() {
      return Shape.of(n, window().outputHeight(h), window().outputWidth(w), out);
    }
  }

  static Stream<Arguments> cases() {
    return Stream.of(
            new Geometry(3, 28, 28, 1, 6, 5, 5, 1, 1, Padding.SAME),
            new Geometry(3, 14, 14, 6, 16, 5, 5, 1, 1, Padding.VALID),
            new Geometry(2, 23, 9, 1, 7, 3, 4, 2, 1, Padding.SAME),
            new Geometry(2, 12, 10, 1, 1, 4, 3, 1, 1, Padding.VALID),
            new Geometry(2, 11, 13, 6, 7, 5, 5, 1, 2, Padding.SAME),
            new Geometry(2, 11, 13, 6, 7, 5, 5, 2, 1, Padding.SAME),
            new Geometry(2, 9, 9, 3, 5, 3, 5, 1, 1, Padding.SAME),
            new Geometry(40, 9, 11, 3, 5, 3, 3, 1, 1, Padding.SAME),
            new Geometry(2, 9, 10, 4, 7, 3, 2, 2, 3, Padding.SAME),
            new Geometry(2, 8, 8, 3, 4, 4, 4, 2, 2, Padding.SAME),
            new Geometry(2, 8, 7, 17, 33, 1, 1, 1, 1, Padding.VALID),
            new Geometry(1, 5, 5, 2, 3, 5, 5, 1, 1, Padding.VALID),
            new Geometry(2, 8, 8, 32, 32, 3, 3, 1, 1, Padding.SAME),
            new Geometry(5, 7, 9, 16, 48, 3, 3, 1, 1, Padding.SAME),
            new Geometry(3, 9, 6, 32, 16, 3, 3, 1, 1, Padding.VALID),
            new Geometry(33, 16, 16, 16, 16, 3, 3, 1, 1, Padding.SAME),
            new Geometry(2, 3, 3, 2, 2, 3, 3, 4, 4, Padding.SAME))
        .flatMap(
            geometry ->
                Stream.of("oneDNN", "matrix products", "Winograd")
                    .map(by -> Arguments.of(by, geometry)));
  }

  /** Winograd's way wherever it is possible, not only where it is faster. */
  private static final class WinogradKernels extends PlainKernels {
    @Override
    public Convolution.@Nullable Plan plan(Convolution convolution) {
      return VectorWinogradConvolution.whereItFits(convolution);
    }
  }

  private static Convolutions convolutions(String by) {
    return by.equals("Winograd")
        ? new Convolutions(new WinogradKernels(), true)
        : new Convolutions(new VectorKernels(), by.equals("oneDNN"));
  }

  @ParameterizedTest(name = "by {0}: {1}")
  @MethodSource("cases")
  void forwardAddsTheBiasAndActivates(String by, Geometry geometry) {
    Tensor x = random(geometry.x(), 1);
    Tensor filter = random(geometry.filter(), 2);
    Tensor bias = random(Shape.of(geometry.out), 3);
    for (Activation activation : Activation.values()) {
      double[] expected = forward(geometry, x, filter);
      for (int i = 0; i < expected.length; i++) {
        expected[i] = activate(activation, expected[i] + bias.get(i % geometry.out));
      }
      Tensor y = Tensor.allocate(DType.FLOAT32, geometry.y());
      convolutions(by).forward(x, filter, bias, activation, geometry.window(), y);
      assertClose(y, expected);
    }
  }

  @ParameterizedTest(name = "by {0}: {1}")
  @MethodSource("cases")
  void forwardNeedsNoBias(String by, Geometry geometry) {
    Tensor x = random(geometry.x(), 1);
    Tensor filter = random(geometry.filter(), 2);
    for (Activation activation : new Activation[] {Activation.LINEAR, Activation.RELU}) {
      double[] expected = forward(geometry, x, filter);
      for (int i = 0; i < expected.length; i++) {
        expected[i] = activate(activation, expected[i]);
      }
      Tensor y = Tensor.allocate(DType.FLOAT32, geometry.y());
      convolutions(by).forward(x, filter, null, activation, geometry.window(), y);
      assertClose(y, expected);
    }
  }

  @ParameterizedTest(name = "by {0}: {1}")
  @MethodSource("cases")
  void gradientsAreTheTransposedProducts(String by, Geometry geometry) {
    Tensor x = random(geometry.x(), 1);
    Tensor filter = random(geometry.filter(), 2);
    Tensor dz = random(geometry.y(), 4);
    double[] dx = new double[x.size()];
    double[] dfilter = new double[filter.size()];
    visit(
        geometry,
        (xi, fi, yi) -> {
          dx[xi] += dz.get(yi) * filter.get(fi);
          dfilter[fi] += dz.get(yi) * x.get(xi);
        });
    Convolutions convolutions = convolutions(by);
    Tensor actualDx = random(geometry.x(), 5);
    convolutions.inputGradient(dz, filter, geometry.window(), actualDx, false);
    assertClose(actualDx, dx);
    Tensor actualDfilter = random(geometry.filter(), 6);
    convolutions.filterGradient(x, dz, geometry.window(), actualDfilter, false);
    assertClose(actualDfilter, dfilter);

    convolutions.inputGradient(dz, filter, geometry.window(), actualDx, true);
    assertClose(actualDx, doubled(dx));
    convolutions.filterGradient(x, dz, geometry.window(), actualDfilter, true);
    assertClose(actualDfilter, doubled(dfilter));
  }

  @Test
  void winogradServesManyPixelsOfSomeChannels() {
    assertThat(isByWinograd(32, 16, 32, 64, false)).isTrue();
    assertThat(isByWinograd(32, 16, 32, 64, true)).as("before tanh").isFalse();
    assertThat(isByWinograd(1, 8, 32, 64, false)).as("few pixels").isFalse();
    assertThat(isByWinograd(32, 16, 16, 16, false)).as("few channels").isFalse();
    assertThat(isByWinograd(32, 16, 256, 256, false)).as("large filters").isFalse();
  }

  private static boolean isByWinograd(int n, int size, int in, int out, boolean squashed) {
    Window window = Window.of(size, size, 3, 3, 1, 1, Padding.SAME);
    Convolution convolution =
        new Convolution(
            Convolution.Product.FORWARD, n, size, size, in, out, window, true, false, squashed);
    try (Convolution.Plan plan = new VectorKernels().plan(convolution)) {
      return plan instanceof VectorWinogradConvolution;
    }
  }

  private static double activate(Activation activation, double z) {
    return switch (activation) {
      case LINEAR -> z;
      case RELU -> Math.max(z, 0);
      case SIGMOID -> 1 / (1 + Math.exp(-z));
      case TANH -> Math.tanh(z);
    };
  }

  private interface Term {
    void at(int xIndex, int filterIndex, int yIndex);
  }

  private static double[] forward(Geometry geometry, Tensor x, Tensor filter) {
    double[] y = new double[geometry.y().size()];
    visit(geometry, (xi, fi, yi) -> y[yi] += x.get(xi) * filter.get(fi));
    return y;
  }

  /** Visits every product of a pixel and a filter element. */
  private static void visit(Geometry g, Term term) {
    Window window = g.window();
    int rows = window.outputHeight(g.h);
    int columns = window.outputWidth(g.w);
    for (int y = 0; y < g.n * rows * columns * g.out; y++) {
      int o = y % g.out;
      int q = y / g.out % columns;
      int p = y / g.out / columns % rows;
      int image = y / g.out / columns / rows;
      for (int f = 0; f < g.kh * g.kw * g.in; f++) {
        int c = f % g.in;
        int row = p * g.sh + f / g.in / g.kw - window.padTop();
        int column = q * g.sw + f / g.in % g.kw - window.padLeft();
        if (row >= 0 && row < g.h && column >= 0 && column < g.w) {
          term.at(((image * g.h + row) * g.w + column) * g.in + c, f * g.out + o, y);
        }
      }
    }
  }

  private static double[] doubled(double[] values) {
    double[] twice = values.clone();
    for (int i = 0; i < twice.length; i++) {
      twice[i] *= 2;
    }
    return twice;
  }

  private static Tensor random(Shape shape, int seed) {
    Random random = new Random(seed);
    float[] values = new float[shape.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Tensor.of(values, shape.dims());
  }

  private static void assertClose(Tensor actual, double[] expected) {
    double scale = 0;
    for (double value : expected) {
      scale = Math.max(scale, Math.abs(value));
    }
    for (int i = 0; i < expected.length; i++) {
      assertThat(Math.abs(actual.get(i) - expected[i]) / scale)
          .as("scaled error at element %d", i)
          .isLessThanOrEqualTo(TOLERANCE);
    }
  }
}
