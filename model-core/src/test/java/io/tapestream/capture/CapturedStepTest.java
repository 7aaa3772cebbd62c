package io.tapestream.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.autodiff.Variable;
import io.tapestream.backend.Backends;
import io.tapestream.backend.Binary;
import io.tapestream.layers.ActivationFunction;
import io.tapestream.layers.Context;
import io.tapestream.layers.Dense;
import io.tapestream.layers.Dropout;
import io.tapestream.layers.Embedding;
import io.tapestream.models.Model;
import io.tapestream.models.Sequential;
import io.tapestream.ops.DropoutOp;
import io.tapestream.ops.Mean;
import io.tapestream.ops.Multiply;
import io.tapestream.ops.Scale;
import io.tapestream.ops.SoftmaxCrossEntropy;
import io.tapestream.ops.Square;
import io.tapestream.ops.Sum;
import io.tapestream.random.Philox;
import io.tapestream.reference.Reference;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;

class CapturedStepTest {
  private static final Context INFERENCE = Context.inference();

  @Test
  void aLoopOfOnesOwnLearnsTheSameBits() {
    assertThat(learned(false)).isEqualTo(learned(true));
  }

  /** The loop of the class documentation, with plain descent. */
  private static float[] learned(boolean eagerly) {
    Sequential model =
        Sequential.of(new Dense(16, ActivationFunction.RELU), new Dropout(0.4), new Dense(3));
    model.build(Shape.of(5), 1);
    List<Variable> variables = model.parameters().trainedVariables();
    CapturedStep.Body body =
        (context, in) -> {
          try (GradientTape tape = new GradientTape()) {
            Tensor loss =
                Mean.of(SoftmaxCrossEntropy.of(model.apply(in.get(0), context), in.get(1)));
            tape.accumulate(loss, variables);
            return List.of(loss);
          }
        };
    try (CapturedStep step = new CapturedStep(body, eagerly)) {
      List<Double> losses = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        model.parameters().gradients().clear();
        int n = i % 4 == 3 ? 3 : 8; // a shorter last batch
        Tensor x = Tensor.of(Reference.uniform(i, n * 5), n, 5);
        Tensor labels = Tensor.of(new long[] {0, 1, 2, 0, 1, 2, 0, 1}).slice(0, n);
        losses.add(step.run(Context.training(7, 0, i), x, labels).get(0).item());
        descend(model);
      }
      assertThat(losses).doesNotHaveDuplicates();
      assertThat(step.programs()).isEqualTo(eagerly ? 0 : 2);
      return model.parameters().values().toFloats();
    }
  }

  private static void descend(Sequential model) {
    Tensor values = model.parameters().values();
    Tensor change = Scale.of(model.parameters().gradients(), -0.1);
    Backends.of(values.dtype()).binary(Binary.ADD, values, change, values, false);
  }

  @Test
  void codeRunsOnceEagerlyAndOnceToTraceForEachShape() {
    AtomicInteger runs = new AtomicInteger();
    try (CapturedStep step =
        new CapturedStep(
            (context, in) -> {
              runs.incrementAndGet();
              return List.of(Square.of(in.get(0)));
            })) {
      for (int i = 0; i < 5; i++) {
        assertThat(step.run(INFERENCE, Tensor.of(new float[] {(float) i})).get(0).item())
            .isEqualTo(i * i);
      }
      assertThat(runs).hasValue(2);
      step.run(INFERENCE, Tensor.of(new float[] {1, 2}));
      assertThat(runs).hasValue(3);
    }
  }

  @Test
  void whatTheHostIsToDoIsDoneEachTime() {
    List<Double> seen = new ArrayList<>();
    try (CapturedStep step =
        new CapturedStep(
            (context, in) -> {
              Tensor y = Square.of(in.get(0));
              CapturedStep.also(() -> seen.add(y.item()));
              return List.of(Scale.of(y, 2));
            })) {
      for (int i = 0; i < 4; i++) {
        step.run(INFERENCE, Tensor.of(new float[] {(float) i}));
      }
    }
    assertThat(seen).containsExactly(0.0, 1.0, 4.0, 9.0);
  }

  @Test
  void aStepThatDependsOnWhatIsNotCapturedRunsEagerlyWithTheSameResults() {
    CapturedStep.Body reads =
        (context, in) ->
            List.of(in.get(0).item() > 1 ? Scale.of(in.get(0), 10) : Square.of(in.get(0)));
    CapturedStep.Body writes =
        (context, in) -> List.of(Multiply.of(in.get(0), Tensor.of(new float[] {10})));
    CapturedStep.Body asks = (context, in) -> List.of(Scale.of(in.get(0), (double) context.step()));
    CapturedStep.Body draws =
        (context, in) -> List.of(DropoutOp.of(in.get(0), 0, Philox.key(1, 2), 0));
    for (CapturedStep.Body body : List.of(reads, writes, asks, draws)) {
      try (CapturedStep step = new CapturedStep(body);
          CapturedStep eager = new CapturedStep(body, true)) {
        for (int i = 0; i < 5; i++) {
          Context context = Context.training(1, 0, i);
          Tensor x = Tensor.of(new float[] {(float) i});
          assertThat(step.run(context, x).get(0).item())
              .isEqualTo(eager.run(context, x).get(0).item());
        }
        assertThat(step.programs()).isZero();
      }
    }
  }

  @Test
  void insideATapeItRunsEagerlySoThatItsOpsAreRecorded() {
    Variable w = Variable.of("w", Tensor.of(new float[] {3}));
    try (CapturedStep step =
        new CapturedStep((context, in) -> List.of(Multiply.of(in.get(0), w.value())))) {
      for (int i = 0; i < 4; i++) {
        try (GradientTape tape = new GradientTape()) {
          Tensor y = step.run(INFERENCE, Tensor.of(new float[] {(float) i})).get(0);
          assertThat(tape.gradient(y, w).item()).isEqualTo(i);
        }
      }
    }
  }

  @Test
  void oneStepInAnotherIsAPartOfIt() {
    try (CapturedStep inner = new CapturedStep((context, in) -> List.of(Square.of(in.get(0))));
        CapturedStep outer =
            new CapturedStep(
                (context, in) -> List.of(Scale.of(inner.run(context, in.get(0)).get(0), 3)))) {
      for (int i = 0; i < 5; i++) {
        Tensor x = Tensor.of(new float[] {(float) i});
        assertThat(outer.run(INFERENCE, x).get(0).item()).isEqualTo(3 * i * i);
      }
    }
  }

  @Test
  void anErrorWhileItIsRepeatedReachesTheCallerAndTheStepGoesOn() {
    Tensor logits = Tensor.of(new float[] {1, 2, 3}, 1, 3);
    try (CapturedStep step =
        new CapturedStep(
            (context, in) -> List.of(Sum.of(SoftmaxCrossEntropy.of(in.get(0), in.get(1)))))) {
      double loss = step.run(INFERENCE, logits, Tensor.of(new long[] {1})).get(0).item();
      for (int i = 0; i < 3; i++) {
        assertThatThrownBy(() -> step.run(INFERENCE, logits, Tensor.of(new long[] {7})))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("7");
        assertThat(step.run(INFERENCE, logits, Tensor.of(new long[] {1})).get(0).item())
            .isEqualTo(loss);
      }
    }
  }

  @Test
  void anErrorOfARepetitionNamesTheLayerLikeThatOfTheFirstRun() {
    try (Model model = Sequential.of(new Embedding(4, 2));
        CapturedStep step =
            new CapturedStep((context, in) -> List.of(model.apply(in.get(0), context)))) {
      model.build(Shape.of(3), 1);
      for (int i = 0; i < 3; i++) {
        assertThatThrownBy(() -> step.run(INFERENCE, Tensor.of(new long[] {0, 1, 9}, 1, 3)))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContainingAll("layer \"embedding\" (Embedding)", "9");
        step.run(INFERENCE, Tensor.of(new long[] {0, 1, 2}, 1, 3));
      }
      assertThat(step.programs()).isEqualTo(1);
    }
  }

  @Test
  void onlyTheShapesThatComeMostOftenStayCaptured() {
    try (CapturedStep step = new CapturedStep((context, in) -> List.of(Square.of(in.get(0))))) {
      for (int turn = 0; turn < 3; turn++) {
        for (int n = 1; n <= 300; n++) {
          step.run(INFERENCE, Tensor.of(new float[n]));
        }
      }
      assertThat(step.programs()).isLessThanOrEqualTo(8);
      for (int i = 0; i < 50; i++) {
        step.run(INFERENCE, Tensor.of(new float[1000]));
      }
      assertThat(step.programs()).isBetween(1, 8);
    }
  }

  @Test
  void repeatingAllocatesNoMemoryOffTheHeap() {
    Variable w = Variable.of("w", Tensor.of(Reference.uniform(3, 64), 8, 8));
    Tensor x = Tensor.of(Reference.uniform(4, 64), 8, 8);
    try (CapturedStep step =
        new CapturedStep(
            (context, in) -> {
              try (GradientTape tape = new GradientTape()) {
                Tensor y = Sum.of(Square.of(Multiply.of(in.get(0), w.value())));
                tape.accumulate(y, List.of(w));
                return List.of(y);
              }
            })) {
      step.run(INFERENCE, x);
      step.run(INFERENCE, x);
      long before = Pointer.totalBytes();
      for (int i = 0; i < 10_000; i++) {
        step.run(INFERENCE, x);
      }
      assertThat(Pointer.totalBytes()).isLessThanOrEqualTo(before);
    }
  }
}
