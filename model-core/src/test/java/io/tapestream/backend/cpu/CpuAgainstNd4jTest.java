package io.tapestream.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.backend.Activation;
import io.tapestream.backend.Backend;
import io.tapestream.backend.LstmMemory;
import io.tapestream.backend.Padding;
import io.tapestream.backend.Window;
import io.tapestream.backend.nd4j.Nd4jProvider;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.Random;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;

/**
 * At the sizes of a training step the cpu backend agrees with ND4J to 1e-5 of the largest element.
 */
class CpuAgainstNd4jTest {
  private static final double TOLERANCE = 1e-5;
  private static final int N = 64;
  private static final Backend CPU = new CpuProvider().create();
  private static final Backend ND4J = new Nd4jProvider().create();

  private final Random random = new Random(11);

  @Test
  void denseLayersAgree() {
    Tensor x = normal(N, 784);
    Tensor w = normal(784, 256);
    Tensor dy = normal(N, 256);
    assertAgree(Shape.of(N, 256), (b, y) -> b.matmul(x, false, w, false, y, false));
    assertAgree(Shape.of(784, 256), (b, dw) -> b.matmul(x, true, dy, false, dw, false));
    assertAgree(Shape.of(N, 784), (b, dx) -> b.matmul(dy, false, w, true, dx, false));
  }

  @Test
  void activationsAndTheirGradientsAgree() {
    Tensor z = normal(N, 28, 28, 6);
    Tensor bias = normal(6);
    Tensor dy = normal(N, 28, 28, 6);
    for (Activation activation : Activation.values()) {
      assertAgree(z.shape(), (b, y) -> b.biasActivation(z, bias, activation, y));
      Tensor y = Tensor.allocate(DType.FLOAT32, z.shape());
      CPU.biasActivation(z, bias, activation, y);
      Tensor dz = Tensor.allocate(DType.FLOAT32, z.shape());
      assertAgree(
          Shape.of(6), (b, dbias) -> b.biasActivationGradient(activation, y, dy, dz, dbias, false));
    }
  }

  @Test
  void convolutionsAgree() {
    for (int[] shape : new int[][] {{28, 1, 6, 5}, {14, 6, 16, 5}, {12, 16, 24, 3}}) {
      for (Padding padding : Padding.values()) {
        Window window = Window.of(shape[0], shape[0], shape[3], shape[3], 1, 1, padding);
        int side = window.outputHeight(shape[0]);
        Tensor x = normal(N, shape[0], shape[0], shape[1]);
        Tensor filter = normal(shape[3], shape[3], shape[1], shape[2]);
        Tensor bias = normal(shape[2]);
        Tensor dz = normal(N, side, side, shape[2]);
        assertAgree(dz.shape(), (b, y) -> b.conv2d(x, filter, bias, Activation.RELU, window, y));
        assertAgree(x.shape(), (b, dx) -> b.conv2dInputGradient(dz, filter, window, dx, false));
        assertAgree(
            filter.shape(), (b, dfilter) -> b.conv2dFilterGradient(x, dz, window, dfilter, false));
      }
    }
  }

  @Test
  void poolsAgree() {
    Window window = Window.of(28, 28, 2, 2, 2, 2, Padding.VALID);
    Tensor x = normal(N, 28, 28, 6);
    Tensor dy = normal(N, 14, 14, 6);
    assertAgree(dy.shape(), (b, y) -> b.averagePool2d(x, window, y));
    assertAgree(x.shape(), (b, dx) -> b.averagePool2dGradient(dy, window, dx, false));
    assertAgree(dy.shape(), (b, y) -> b.maxPool2d(x, window, y));
    Tensor y = Tensor.allocate(DType.FLOAT32, dy.shape());
    CPU.maxPool2d(x, window, y);
    assertAgree(x.shape(), (b, dx) -> b.maxPool2dGradient(x, y, dy, window, dx, false));
  }

  @Test
  void crossEntropyAgrees() {
    Tensor logits = normal(N, 10);
    long[] classes = new long[N];
    for (int i = 0; i < N; i++) {
      classes[i] = i % 10;
    }
    Tensor labels = Tensor.of(classes);
    Tensor losses = normal(N);
    Tensor weights = normal(N);
    assertAgree(
        logits.shape(), (b, shares) -> b.softmaxCrossEntropy(logits, labels, losses, shares));
    Tensor probabilities = Tensor.allocate(DType.FLOAT32, logits.shape());
    assertAgree(
        Shape.of(N), (b, loss) -> b.softmaxCrossEntropy(logits, labels, loss, probabilities));
    assertAgree(
        logits.shape(),
        (b, gradient) ->
            b.softmaxCrossEntropyGradient(probabilities, labels, weights, gradient, false));
  }

  @Test
  void dropoutDropsTheSameElements() {
    Tensor x = normal(N, 37);
    assertAgree(x.shape(), (b, y) -> b.dropout(x, 0.4, 77L, 5, y, false));
  }

  @Test
  void normalizationAgrees() {
    Tensor x = normal(N, 14, 14, 32);
    Tensor dy = normal(N, 14, 14, 32);
    Tensor gamma = normal(32);
    Tensor beta = normal(32);
    Tensor other = normal(32);
    Tensor mean = normal(32);
    Tensor variance = normal(32);
    assertAgree(Shape.of(32), (b, m) -> b.moments(x, m, other));
    assertAgree(Shape.of(32), (b, v) -> b.moments(x, other, v));
    CPU.moments(x, mean, variance);
    assertAgree(x.shape(), (b, y) -> b.normalize(x, mean, variance, gamma, beta, 1e-3, y));
    assertAgree(Shape.of(32), (b, dg) -> b.normalizeSums(x, mean, variance, 1e-3, dy, dg, other));
    Tensor dgamma = normal(32);
    Tensor dbeta = normal(32);
    CPU.normalizeSums(x, mean, variance, 1e-3, dy, dgamma, dbeta);
    assertAgree(
        x.shape(),
        (b, dx) ->
            b.normalizeGradient(x, mean, variance, gamma, 1e-3, dy, dgamma, dbeta, dx, false));
  }

  @Test
  void normalizationOfRowsAgrees() {
    Tensor x = normal(N, 256);
    Tensor dy = normal(N, 256);
    Tensor gamma = normal(256);
    Tensor mean = normal(N, 1);
    Tensor scale = normal(N, 1);
    assertAgree(x.shape(), (b, y) -> b.normalizeRows(x, gamma, gamma, 1e-3, y, mean, scale));
    assertAgree(
        x.shape(), (b, dx) -> b.normalizeRowsGradient(x, mean, scale, gamma, dy, dx, false));
    assertAgree(Shape.of(256), (b, dg) -> b.normalizeRowsSums(x, mean, scale, dy, dg, false));
  }

  @Test
  void longShortTermMemoriesAgree() {
    int steps = 6;
    int in = 40;
    int u = 128;
    Tensor x = normal(N, steps, in);
    Tensor w = normal(in, 4 * u);
    Tensor r = normal(u, 4 * u);
    w.write(0, scaled(w, 0.1f), 0, w.size());
    r.write(0, scaled(r, 0.1f), 0, r.size());
    Tensor bias = normal(4 * u);
    Tensor state = normal(N, u);
    LstmMemory memory = LstmMemory.allocate(DType.FLOAT32, steps, N, in, u);
    Tensor y = normal(steps + 1, N, u);
    BiConsumer<Backend, Tensor> forward =
        (b, out) ->
            b.lstm(x, w, r, bias, state, state, Activation.SIGMOID, Activation.TANH, memory, out);
    assertAgree(y.shape(), forward);
    forward.accept(CPU, y);
    Tensor dbias = normal(4 * u);
    Tensor dh0 = normal(N, u);
    Tensor dc0 = normal(N, u);
    assertAgree(
        memory.gates().shape(),
        (b, dz) ->
            b.lstmGradient(
                r, state, Activation.SIGMOID, Activation.TANH, memory, y, dz, dbias, dh0, dc0));
  }

  private static float[] scaled(Tensor x, float factor) {
    float[] values = x.toFloats();
    for (int i = 0; i < values.length; i++) {
      values[i] *= factor;
    }
    return values;
  }

  @Test
  void stepsOfRecurrentLayersAgree() {
    int u = 128;
    Tensor before = normal(N, u);
    Tensor h = normal(N, u);
    Tensor dh = normal(N, u);
    Tensor three = normal(N, 3 * u);
    Tensor part = normal(N, 3 * u);
    assertAgree(
        h.shape(),
        (b, out) ->
            b.gruCell(three.copy(), part, before, Activation.SIGMOID, Activation.TANH, out));
    CPU.gruCell(three, part, before, Activation.SIGMOID, Activation.TANH, h);
    Tensor dpart = normal(N, 3 * u);
    assertAgree(
        three.shape(),
        (b, dgates) ->
            b.gruCellGradient(
                three,
                part,
                before,
                Activation.SIGMOID,
                Activation.TANH,
                dh.copy(),
                dgates,
                dpart));
  }

  private static void assertAgree(Shape shape, BiConsumer<Backend, Tensor> computation) {
    try (Tensor actual = Tensor.allocate(DType.FLOAT32, shape);
        Tensor expected = Tensor.allocate(DType.FLOAT32, shape)) {
      computation.accept(CPU, actual);
      computation.accept(ND4J, expected);
      float[] is = actual.toFloats();
      float[] should = expected.toFloats();
      double largest = 0;
      double error = 0;
      for (int i = 0; i < is.length; i++) {
        largest = Math.max(largest, Math.abs(should[i]));
        error = Math.max(error, Math.abs(is[i] - should[i]));
      }
      assertThat(error / largest).as("scaled error over %s", shape).isLessThanOrEqualTo(TOLERANCE);
    }
  }

  private Tensor normal(int... dims) {
    float[] values = new float[Shape.of(dims).size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Tensor.of(values, dims);
  }
}
