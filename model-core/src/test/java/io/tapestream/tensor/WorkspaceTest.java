package io.tapestream.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.autodiff.GradientTape;
import io.tapestream.autodiff.Variable;
import io.tapestream.backend.Activation;
import io.tapestream.backend.Padding;
import io.tapestream.ops.Affine;
import io.tapestream.ops.Conv2d;
import io.tapestream.ops.MaxPool2d;
import io.tapestream.ops.Reshape;
import io.tapestream.ops.SoftmaxCrossEntropy;
import io.tapestream.ops.Sum;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;

@SuppressWarnings("try")
class WorkspaceTest {

  @Test
  void theKthTensorOfAStepIsTheSameInEveryStep() {
    try (Workspace workspace = new Workspace()) {
      Tensor first;
      Tensor view;
      try (Workspace.Scope step = workspace.enter()) {
        first = Tensor.of(new float[] {1, 2, 3, 4});
        view = first.reshape(2, 2);
      }
      try (Workspace.Scope step = workspace.enter()) {
        assertThat(Tensor.of(new float[] {5, 6, 7, 8})).isSameAs(first);
        assertThat(first.reshape(2, 2)).isSameAs(view);
        assertThat(view.get(3)).isEqualTo(8);
      }
      assertThat(workspace.slots()).isEqualTo(2);
    }
  }

  @Test
  void aShorterLastBatchKeepsBothShapesOnOneMemory() {
    try (Workspace workspace = new Workspace()) {
      Tensor full = one(workspace, Shape.of(256, 10));
      long bytes = workspace.bytes();
      Tensor rest = one(workspace, Shape.of(17, 10));
      assertThat(one(workspace, Shape.of(256, 10))).isSameAs(full);
      assertThat(one(workspace, Shape.of(17, 10))).isSameAs(rest);
      assertThat(rest.address()).isEqualTo(full.address());
      assertThat(workspace.bytes()).isEqualTo(bytes);
      one(workspace, Shape.of(512, 10));
      assertThat(workspace.bytes()).isEqualTo(2 * bytes);
    }
  }

  private static Tensor one(Workspace workspace, Shape shape) {
    try (Workspace.Scope step = workspace.enter()) {
      return Tensor.zeros(DType.FLOAT32, shape);
    }
  }

  @Test
  void attachmentsStayWithTheirSlotAndAreReleasedWithIt() {
    AtomicInteger released = new AtomicInteger();
    class Counting implements Attachment {
      @Override
      public void release() {
        released.incrementAndGet();
      }
    }
    Workspace workspace = new Workspace();
    one(workspace, Shape.of(3)).attach(new Counting());
    assertThat(one(workspace, Shape.of(3)).attachment(Counting.class)).isNotNull();
    one(workspace, Shape.of(4));
    assertThat(released).hasValue(1);
    one(workspace, Shape.of(4)).attach(new Counting());
    workspace.close();
    assertThat(released).hasValue(2);
    Tensor owned = Tensor.owned(DType.FLOAT32, Shape.of(1));
    owned.attach(new Counting());
    owned.close();
    assertThat(released).hasValue(3);
  }

  @Test
  void scopesNestAndBelongToTheirThread() {
    try (Workspace outer = new Workspace();
        Workspace inner = new Workspace()) {
      try (Workspace.Scope a = outer.enter()) {
        assertThatThrownBy(outer::enter).hasMessageContaining("entered already");
        assertThatThrownBy(outer::close).hasMessageContaining("still entered");
        try (Workspace.Scope b = inner.enter()) {
          Tensor.zeros(DType.FLOAT32, Shape.of(2));
          assertThatThrownBy(a::close).hasMessageContaining("innermost first");
        }
        try (Workspace.Scope none = Workspace.outside()) {
          Tensor escaped = Tensor.zeros(DType.FLOAT32, Shape.of(2));
          escaped.close();
          assertThatThrownBy(() -> escaped.get(0)).isInstanceOf(IllegalStateException.class);
        }
        Tensor elsewhere =
            CompletableFuture.supplyAsync(() -> Tensor.zeros(DType.FLOAT32, Shape.of(2))).join();
        assertThat(elsewhere.toFloats()).containsOnly(0);
        assertThat(outer.slots()).isZero();
        assertThat(inner.slots()).isEqualTo(1);
      }
    }
    Workspace closed = new Workspace();
    closed.close();
    assertThatThrownBy(closed::enter).hasMessageContaining("closed");
  }

  @Test
  void memoryIsFlatOverManySteps() {
    Variable filter = Variable.of("filter", Tensor.zeros(DType.FLOAT32, Shape.of(5, 5, 1, 6)));
    Variable kernel = Variable.of("kernel", Tensor.zeros(DType.FLOAT32, Shape.of(216, 10)));
    Variable filterBias = Variable.of("bias", Tensor.zeros(DType.FLOAT32, Shape.of(6)));
    Variable bias = Variable.of("bias", Tensor.zeros(DType.FLOAT32, Shape.of(10)));
    Tensor images = Tensor.zeros(DType.FLOAT32, Shape.of(16, 16, 16, 1));
    Tensor labels = Tensor.zeros(DType.INT64, Shape.of(16));
    try (Workspace workspace = new Workspace()) {
      long bytes = 0;
      long slots = 0;
      long total = 0;
      for (int step = 0; step < 1000; step++) {
        int rows = step % 10 == 9 ? 7 : 16;
        try (Workspace.Scope scope = workspace.enter();
            GradientTape tape = new GradientTape()) {
          Tensor features =
              MaxPool2d.of(
                  Conv2d.of(
                      images.slice(0, rows),
                      filter.value(),
                      filterBias.value(),
                      Activation.RELU,
                      1,
                      1,
                      Padding.VALID),
                  2,
                  2,
                  2,
                  2,
                  Padding.VALID);
          Tensor logits =
              Affine.of(
                  Reshape.of(features, Shape.of(rows, 216)),
                  kernel.value(),
                  bias.value(),
                  Activation.LINEAR);
          Tensor loss = Sum.of(SoftmaxCrossEntropy.of(logits, labels.slice(0, rows)));
          tape.accumulate(loss, List.of(filter, filterBias, kernel, bias));
        }
        if (step == 100) {
          bytes = workspace.bytes();
          slots = workspace.slots();
          total = Pointer.totalBytes();
        }
      }
      assertThat(workspace.bytes()).isEqualTo(bytes);
      assertThat(workspace.slots()).isEqualTo((int) slots);
      assertThat(Pointer.totalBytes()).isLessThanOrEqualTo(total + 4096);
    }
  }
}
