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

@SuppressWarnings("try") // a pause acts by being open
class GradientTapeTest {

  @Test
  void differentiatesARegression() {
    Tensor x = Tensor.of(new float[] {1, 2}, 2, 1);
    Tensor target = Tensor.of(new float[] {0, 0}, 2, 1);
    Variable w = Variable.of("w", Tensor.of(new float[] {3}, 1, 1));
    try (GradientTape tape = GradientTape.persistent()) {
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
  void aTapeIsUsedUpByItsGradientsUnlessItIsPersistent() {
    Tensor x = Tensor.of(new double[] {3});
    try (GradientTape once = new GradientTape()) {
      once.watch(x);
      Tensor y = Square.of(x);
      assertThat(once.gradient(y, x).item()).isEqualTo(6);
      assertThatThrownBy(() -> once.gradient(y, x))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContainingAll("used up", "GradientTape.persistent()");
      assertThatThrownBy(() -> once.watch(x)).hasMessageContaining("used up");
      once.reset();
      once.watch(x);
      assertThat(once.gradient(Square.of(x), x).item()).isEqualTo(6);
    }
    try (GradientTape tape = GradientTape.persistent()) {
      tape.watch(x);
      Tensor y = Square.of(x);
      Tensor z = Square.of(y);
      assertThat(tape.gradient(z, x).item()).isEqualTo(4 * 27);
      assertThat(tape.gradient(y, x).item()).isEqualTo(6);
      assertThat(tape.gradient(z, y).item()).isEqualTo(18);
    }
  }

  @Test
  void gradientsOfSeveralTargetsAddUp() {
    Tensor x = Tensor.of(new double[] {2});
    try (GradientTape tape = new GradientTape()) {
      tape.watch(x);
      List<Tensor> targets = List.of(Square.of(x), Scale.of(x, 5));
      assertThat(tape.gradient(targets, List.of(x), UnconnectedGradients.NONE).get(0).item())
          .isEqualTo(4 + 5);
    }
  }

  @Test
  void outputGradientsWeighTheElementsOfTargets() {
    Tensor x = Tensor.of(new double[] {1, 2, 3});
    try (GradientTape tape = new GradientTape()) {
      tape.watch(x);
      Tensor weights = Tensor.of(new double[] {1, 0, 10});
      assertThat(
              tape.gradient(
                      List.of(Square.of(x)),
                      List.of(weights),
                      List.of(x),
                      UnconnectedGradients.NONE)
                  .get(0)
                  .toDoubles())
          .containsExactly(2, 0, 60);
    }
  }

  @Test
  void aSourceThatNoTargetDependsOnHasNoGradientOrZeros() {
    Tensor x = Tensor.of(new double[] {2});
    Tensor apart = Tensor.of(new double[] {2, 3});
    try (GradientTape tape = GradientTape.persistent()) {
      tape.watch(x);
      tape.watch(apart);
      List<Tensor> target = List.of(Square.of(x));
      List<Tensor> sources = List.of(x, apart);
      assertThat(tape.gradient(target, sources, UnconnectedGradients.NONE).get(1)).isNull();
      assertThat(tape.gradient(target, sources, UnconnectedGradients.ZERO).get(1).toDoubles())
          .containsExactly(0, 0);
      Tensor constant = Tensor.of(new double[] {1});
      assertThat(tape.gradient(List.of(constant), sources, UnconnectedGradients.NONE))
          .containsExactly(null, null);
    }
  }

  @Test
  void variablesAreSourcesLikeTensors() {
    Variable w = Variable.of("w", Tensor.of(new double[] {3}));
    Variable b = Variable.of("b", Tensor.of(new double[] {1}));
    Tensor x = Tensor.of(new double[] {2});
    try (GradientTape tape = new GradientTape()) {
      tape.watch(x);
      Tensor y = Add.of(Multiply.of(w.value(), x), b.value());
      assertThat(tape.watchedVariables()).containsExactly(w, b);
      List<Tensor> gradients = tape.gradient(Square.of(y), List.of(w, b, x));
      assertThat(gradients)
          .extracting(Tensor::item)
          .containsExactly(2 * 7 * 2.0, 14.0, 2 * 7 * 3.0);
      assertThat(w.gradient().item()).as("its own gradient is left alone").isZero();
    }
  }

  @Test
  void aTapeMayWatchOnlyWhatItIsTold() {
    Variable w = Variable.of("w", Tensor.of(new double[] {3}));
    Variable frozen =
        new Variable(
            "frozen", Tensor.of(new double[] {2}), Tensor.zeros(DType.FLOAT64, Shape.of(1)), false);
    try (GradientTape tape = new GradientTape(false, false)) {
      tape.watch(frozen);
      Tensor y = Multiply.of(w.value(), Square.of(frozen.value()));
      assertThat(tape.watchedVariables()).containsExactly(frozen);
      List<Tensor> gradients =
          tape.gradient(List.of(y), List.of(frozen, w), UnconnectedGradients.NONE);
      assertThat(gradients.get(0).item()).isEqualTo(12);
      assertThat(gradients.get(1)).isNull();
    }
  }

  @Test
  void whatHappensWhileRecordingIsStoppedCountsAsConstant() {
    Tensor x = Tensor.of(new double[] {3});
    try (GradientTape tape = new GradientTape()) {
      tape.watch(x);
      Tensor factor;
      try (GradientTape.Pause outer = tape.stopRecording()) {
        try (GradientTape.Pause inner = tape.stopRecording()) {
          factor = Square.of(x);
        }
        factor = Add.of(factor, x);
      }
      assertThat(tape.gradient(Multiply.of(factor, x), x).item()).isEqualTo(12);
    }
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
