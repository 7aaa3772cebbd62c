package io.tapestream.autodiff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.ops.Add;
import io.tapestream.ops.Exp;
import io.tapestream.ops.MatMul;
import io.tapestream.ops.Mean;
import io.tapestream.ops.Multiply;
import io.tapestream.ops.Scale;
import io.tapestream.ops.Square;
import io.tapestream.ops.Subtract;
import io.tapestream.ops.Sum;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class GradientTapeTest {

  @Test
  void differentiatesARegression() {
    Tensor x = Tensor.of(new float[] {1, 2}, 2, 1);
    Tensor target = Tensor.of(new float[] {0, 0}, 2, 1);
    Variable w = Variable.of("w", Tensor.of(new float[] {3}, 1, 1));
    try (GradientTape tape = new GradientTape()) {
      Tensor loss = Mean.of(Square.of(Subtract.of(MatMul.of(x, w.value()), target)));
      assertThat(loss.item()).isEqualTo((9 + 36) / 2.0);
      tape.accumulate(loss, List.of(w));
      assertThat(w.gradient().item()).isEqualTo((2 * 3 + 2 * 6 * 2) / 2.0);
      tape.accumulate(loss, List.of(w));
      assertThat(w.gradient().item()).isEqualTo(2 * (2 * 3 + 2 * 6 * 2) / 2.0);
    }
  }

  @Test
  void gradientsOfTensorsAreFreshAndOfSeveralKinds() {
    Tensor x = Tensor.of(new double[] {1, 2});
    Tensor unused = Tensor.of(new double[] {5});
    try (GradientTape tape = new GradientTape()) {
      tape.watch(x);
      tape.watch(unused);
      Tensor y = Square.of(x);
      Tensor z = Add.of(y, y);
      Tensor loss = Sum.of(Multiply.of(z, x));
      List<Tensor> g = tape.gradient(loss, List.of(x, y, z, unused, loss));
      assertThat(g.get(0).toDoubles()).containsExactly(6, 24);
      assertThat(g.get(1).toDoubles()).containsExactly(2, 4);
      assertThat(g.get(2).toDoubles()).containsExactly(1, 2);
      assertThat(g.get(3).toDoubles()).containsExactly(0);
      assertThat(g.get(4).toDoubles()).containsExactly(1);
    }
  }

  @Test
  void aSeedWeighsTheExamplesAndTargetsAreTheCallers() {
    Variable w = Variable.of("w", Tensor.of(new float[] {1, 1}));
    Tensor into = Tensor.of(new float[] {100, 100});
    try (GradientTape tape = new GradientTape()) {
      Tensor losses = Scale.of(w.value(), 3);
      tape.accumulate(losses, Tensor.of(new float[] {1, 0.5f}), List.of(w), List.of(into));
    }
    assertThat(into.toFloats()).containsExactly(103, 101.5f);
    assertThat(w.gradient().toFloats()).containsOnly(0);
  }

  @Test
  void sharedGradientsAreNotWrittenInto() {
    Tensor a = Tensor.of(new double[] {1});
    Tensor b = Tensor.of(new double[] {2});
    try (GradientTape tape = new GradientTape()) {
      tape.watch(a);
      tape.watch(b);
      Tensor sum = Add.of(a, b);
      Tensor loss = Sum.of(Add.of(sum, Exp.of(a)));
      List<Tensor> g = tape.gradient(loss, List.of(a, b, sum));
      assertThat(g.get(0).item()).isEqualTo(1 + Math.E);
      assertThat(g.get(1).item()).isEqualTo(1);
      assertThat(g.get(2).item()).isEqualTo(1);
    }
  }

  @Test
  void noWorkIsDoneForWhatNobodyAsks() {
    Tensor x = Tensor.of(new double[] {1});
    Tensor w = Tensor.of(new double[] {2});
    List<String> computed = new ArrayList<>();
    try (GradientTape tape = new GradientTape()) {
      tape.watch(x);
      tape.watch(w);
      Tensor y = Tensor.of(new double[] {2});
      GradientTape.record(
          y,
          (dy, adjoints) -> {
            adjoints.add(x, (dx, accumulate) -> computed.add("x"));
            adjoints.add(w, (dw, accumulate) -> computed.add("w"));
            adjoints.add(y, (nothing, accumulate) -> computed.add("y"));
          },
          x,
          w);
      tape.gradient(y, List.of(w));
    }
    assertThat(computed).doesNotContain("x").contains("w");
  }

  @Test
  void frozenVariablesAndUnwatchedTensorsAreNotRecorded() {
    Variable frozen =
        new Variable(
            "frozen", Tensor.of(new float[] {1}), Tensor.zeros(DType.FLOAT32, Shape.of(1)), false);
    try (GradientTape tape = new GradientTape()) {
      Tensor loss = Square.of(frozen.value());
      assertThatThrownBy(() -> tape.accumulate(loss, List.of(frozen)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("not computed from anything this tape watches");
    }
    assertThat(frozen.gradient().item()).isZero();
  }

  @Test
  void errorsSayWhatIsWrong() {
    Tensor x = Tensor.of(new float[] {1, 2});
    GradientTape tape = new GradientTape();
    tape.watch(x);
    Tensor y = Square.of(x);
    assertThatThrownBy(() -> tape.gradient(y, List.of(x)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("scalar", "(2,)");
    assertThatThrownBy(() -> tape.watch(Tensor.of(new long[] {1})))
        .hasMessageContaining("integers have no gradient");
    assertThatThrownBy(GradientTape::new).hasMessageContaining("open already");
    Variable w = Variable.of("w", x);
    assertThatThrownBy(() -> tape.accumulate(y, y.slice(0, 1), List.of(w), List.of(w.gradient())))
        .hasMessageContainingAll("seed", "(1,)", "(2,)");
    assertThatThrownBy(() -> tape.accumulate(y, x, List.of(w), List.of(Tensor.scalar(0))))
        .hasMessageContainingAll("w", "()");
    assertThatThrownBy(() -> CompletableFuture.runAsync(() -> tape.gradient(y, List.of(x))).join())
        .isInstanceOf(CompletionException.class)
        .hasMessageContaining("another thread");
    tape.close();
    tape.close();
    assertThatThrownBy(() -> tape.gradient(y, List.of(x)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
    assertThatThrownBy(() -> new Variable("w", x, Tensor.scalar(0), true))
        .hasMessageContainingAll("w", "(2,)", "()");
  }

  @Test
  void eachOpIsDifferentiatedOnceHoweverManyPathsLeadThroughIt() {
    Tensor x = Tensor.of(new float[] {1});
    int ops = 20;
    AtomicInteger differentiated = new AtomicInteger();
    try (GradientTape tape = new GradientTape()) {
      tape.watch(x);
      Tensor y = x;
      for (int i = 0; i < ops; i++) {
        Tensor input = y;
        y =
            GradientTape.record(
                x.reshape(1),
                (dy, adjoints) -> {
                  differentiated.incrementAndGet();
                  adjoints.pass(input, dy);
                  adjoints.pass(input, dy);
                },
                input);
      }
      assertThat(tape.gradient(y, List.of(x)).get(0).item()).isEqualTo(1 << ops);
    }
    assertThat(differentiated).as("of 2^20 paths").hasValue(ops);
  }
}
