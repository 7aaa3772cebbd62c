package io.tapestream.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.tapestream.backend.Backend;
import io.tapestream.backend.Crew;
import io.tapestream.backend.FusedPrimitives;
import io.tapestream.backend.NormColumns;
import io.tapestream.backend.RectifiedNorm;
import io.tapestream.backend.RectifiedNorm.Rectifier;
import io.tapestream.backend.Window;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A fused norm gives the bits of the primitives that it stands for, on any number of threads. */
@SuppressWarnings("try") // a crew's scope acts by being open
class FusedNormTest {
  private static final Window WINDOW = new Window(2, 2, 2, 2, 0, 0, 0, 0);
  private static final double EPSILON = 1e-3;

  private final Backend backend = new CpuProvider().create();
  private final FusedPrimitives fused = (FusedPrimitives) backend;
  private final Random random = new Random(5);

  @Test
  void itGivesTheBitsOfThePrimitives() {
    for (int[] dims :
        new int[][] {{1, 2, 2, 16}, {3, 6, 10, 32}, {9, 32, 32, 32}, {5, 16, 16, 64}}) {
      for (Rectifier rectifier :
          List.of(
              new Rectifier(0, 0, Double.POSITIVE_INFINITY),
              new Rectifier(0.2, 0.1, Double.POSITIVE_INFINITY),
              new Rectifier(0, 0, 0.7))) {
        Images images = new Images(dims, rectifier);
        assumeThat(fused.fuses(images.norm)).isTrue();
        List<float[]> apart = images.apart();
        assertSame(images, images.together(), apart);
        try (Crew crew = new Crew(3, "test");
            Crew.Scope scope = crew.enter()) {
          assertSame(images, images.together(), apart);
        }
      }
    }
  }

  @Test
  void itIsLeftAloneWhereWindowsOrChannelsDoNotFit() {
    Rectifier rectifier = new Rectifier(0, 0, Double.POSITIVE_INFINITY);
    assertThat(fused.fuses(new Images(new int[] {2, 4, 4, 24}, rectifier).norm)).isFalse();
    assertThat(fused.fuses(new Images(new int[] {2, 5, 4, 16}, rectifier).norm)).isFalse();
    assertThat(fused.fuses(new Images(new int[] {2, 4, 4, 16}, new Rectifier(-1, 0, 1)).norm))
        .isFalse();
  }

  private static void assertSame(Images images, List<float[]> is, List<float[]> expected) {
    for (int i = 0; i < expected.size(); i++) {
      assertThat(bits(is.get(i)))
          .as("result %d of %s under %s", i, images.norm.x().shape(), images.norm.rectifier())
          .isEqualTo(bits(expected.get(i)));
    }
  }

  private static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    Arrays.setAll(bits, i -> Float.floatToIntBits(values[i]));
    return bits;
  }

  /** Images, normalized by their own moments. */
  private final class Images {
    private final RectifiedNorm norm;
    private final Tensor dy;

    Images(int[] dims, Rectifier rectifier) {
      Tensor x = normal(dims);
      int k = dims[3];
      Tensor mean = zeros(k);
      Tensor variance = zeros(k);
      backend.moments(x, mean, variance);
      NormColumns columns = new NormColumns(mean, variance, normal(k), normal(k), EPSILON);
      Tensor y = zeros(dims[0], dims[1] / 2, dims[2] / 2, k);
      this.norm = new RectifiedNorm(x, columns, rectifier, WINDOW, zeros(dims), y);
      this.dy = normal(y.shape().dims());
      x.write(0, new float[] {0f, -0f, mean.toFloats()[2]}, 0, 3);
    }

    List<float[]> together() {
      int k = norm.columns().mean().size();
      Tensor dgamma = zeros(k);
      Tensor dbeta = zeros(k);
      Tensor dx = zeros(norm.x().shape().dims());
      fused.rectifiedNorm(norm);
      fused.rectifiedNormSums(norm, dy, dgamma, dbeta);
      fused.rectifiedNormGradient(norm, dy, dgamma, dbeta, dx);
      return values(norm.y(), dgamma, dbeta, dx);
    }

    List<float[]> apart() {
      NormColumns by = norm.columns();
      Rectifier r = norm.rectifier();
      Tensor x = norm.x();
      Tensor normal = zeros(x.shape().dims());
      Tensor risen = zeros(x.shape().dims());
      Tensor y = zeros(norm.y().shape().dims());
      Tensor drisen = zeros(x.shape().dims());
      Tensor dnormal = zeros(x.shape().dims());
      Tensor dx = zeros(x.shape().dims());
      Tensor dgamma = zeros(by.mean().size());
      Tensor dbeta = zeros(by.mean().size());
      backend.normalize(x, by.mean(), by.variance(), by.gamma(), by.beta(), EPSILON, normal);
      backend.rectify(normal, r.slope(), r.threshold(), r.ceiling(), risen);
      backend.maxPool2d(risen, WINDOW, y);
      backend.maxPool2dGradient(risen, y, dy, WINDOW, drisen, false);
      backend.rectifyGradient(
          normal, r.slope(), r.threshold(), r.ceiling(), drisen, dnormal, false);
      backend.normalizeSums(x, by.mean(), by.variance(), EPSILON, dnormal, dgamma, dbeta);
      backend.normalizeGradient(
          x, by.mean(), by.variance(), by.gamma(), EPSILON, dnormal, dgamma, dbeta, dx, false);
      return values(y, dgamma, dbeta, dx);
    }
  }

  private static List<float[]> values(Tensor... tensors) {
    return Arrays.stream(tensors).map(Tensor::toFloats).toList();
  }

  private Tensor normal(int... dims) {
    Tensor tensor = zeros(dims);
    float[] values = new float[tensor.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    tensor.write(0, values, 0, values.length);
    return tensor;
  }

  private static Tensor zeros(int... dims) {
    return Tensor.zeros(DType.FLOAT32, Shape.of(dims));
  }
}
