package io.tapestream.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.backend.Activation;
import io.tapestream.backend.Backend;
import io.tapestream.backend.Crew;
import io.tapestream.backend.LstmMemory;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

@SuppressWarnings("try") // a crew's scope acts by being open
class LstmThreadsTest {
  private final Backend backend = new CpuProvider().create();
  private final Random random = new Random(3);

  @Test
  void theNumberOfThreadsChangesNoBit() {
    for (int[] size :
        new int[][] {{64, 6, 20, 32}, {300, 5, 16, 16}, {70, 2, 3, 5}, {1, 4, 8, 8}}) {
      Sequence sequence = new Sequence(size[0], size[1], size[2], size[3]);
      List<float[]> alone = sequence.run();
      try (Crew crew = new Crew(3, "test");
          Crew.Scope scope = crew.enter()) {
        List<float[]> together = sequence.run();
        for (int i = 0; i < alone.size(); i++) {
          assertThat(together.get(i))
              .as("result %d of %s", i, Arrays.toString(size))
              .isEqualTo(alone.get(i));
        }
      }
    }
  }

  /** A sequence and what there is to compute of it. */
  private final class Sequence {
    private final int steps;
    private final int n;
    private final int in;
    private final int u;
    private final Tensor x;
    private final Tensor w;
    private final Tensor r;
    private final Tensor bias;
    private final Tensor state;
    private final Tensor dy;

    Sequence(int n, int steps, int in, int u) {
      this.steps = steps;
      this.n = n;
      this.in = in;
      this.u = u;
      this.x = normal(n, steps, in);
      this.w = normal(in, 4 * u);
      this.r = normal(u, 4 * u);
      this.bias = normal(4 * u);
      this.state = normal(n, u);
      this.dy = normal(steps + 1, n, u);
    }

    List<float[]> run() {
      LstmMemory memory = LstmMemory.allocate(DType.FLOAT32, steps, n, in, u);
      Tensor y = empty(dy.shape());
      Tensor dz = empty(memory.gates().shape());
      Tensor dbias = empty(bias.shape());
      Tensor dh0 = empty(state.shape());
      Tensor dc0 = empty(state.shape());
      backend.lstm(x, w, r, bias, state, state, Activation.SIGMOID, Activation.TANH, memory, y);
      backend.lstmGradient(
          r, state, Activation.SIGMOID, Activation.TANH, memory, dy, dz, dbias, dh0, dc0);
      return List.of(y.toFloats(), dz.toFloats(), dbias.toFloats(), dh0.toFloats(), dc0.toFloats());
    }
  }

  private Tensor normal(int... dims) {
    Tensor tensor = empty(Shape.of(dims));
    for (int i = 0; i < tensor.size(); i++) {
      tensor.write(i, new float[] {(float) random.nextGaussian() / 4}, 0, 1);
    }
    return tensor;
  }

  private static Tensor empty(Shape shape) {
    return Tensor.allocate(DType.FLOAT32, shape);
  }
}
