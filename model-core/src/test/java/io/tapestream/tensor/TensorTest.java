package io.tapestream.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class TensorTest {

  @Test
  void holdsWhatItWasGiven() {
    Tensor x = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
    assertThat(x.shape()).isEqualTo(Shape.of(2, 3));
    assertThat(x.get(4)).isEqualTo(5);
    assertThat(x.toDoubles()).containsExactly(1, 2, 3, 4, 5, 6);
    assertThat(Tensor.scalar(2.5f).item()).isEqualTo(2.5);
    assertThat(Tensor.of(new long[] {7, -7}).toLongs()).containsExactly(7, -7);
    assertThat(Tensor.zeros(DType.FLOAT64, Shape.of(3)).toDoubles()).containsOnly(0);
  }

  @Test
  void viewsShareMemory() {
    Tensor flat = Tensor.of(new float[] {0, 1, 2, 3, 4, 5, 6, 7});
    Tensor kernel = flat.view(2, Shape.of(2, 3));
    Tensor secondRow = kernel.slice(1, 2);
    assertThat(secondRow.toFloats()).containsExactly(5, 6, 7);
    secondRow.write(0, new float[] {50, 60}, 0, 2);
    assertThat(flat.toFloats()).containsExactly(0, 1, 2, 3, 4, 50, 60, 7);
    assertThat(kernel.reshape(3, 2).get(3)).isEqualTo(50);
    assertThat(secondRow.address()).isEqualTo(flat.address() + 5 * 4);
    kernel.close();
    assertThat(flat.get(0)).isZero();
  }

  @Test
  void memoryStartsOnACacheLine() {
    for (int i = 1; i < 20; i++) {
      Tensor tensor = Tensor.owned(DType.FLOAT32, Shape.of(i * 13));
      assertThat(tensor.address() % 64).isZero();
      tensor.write(0, new float[] {i}, 0, 1);
      assertThat(tensor.pointer().address()).isEqualTo(tensor.address());
      assertThat(tensor.buffer().getFloat(tensor.byteOffset())).isEqualTo(i);
    }
  }

  @Test
  void copiesOwnTheirMemory() {
    Tensor x = Tensor.of(new double[] {1, 2, 3});
    Tensor copy = x.slice(1, 3).copy();
    x.clear();
    assertThat(copy.toDoubles()).containsExactly(2, 3);
  }

  @Test
  void errorsSayWhatAndWhere() {
    Tensor x = Tensor.of(new float[6], 2, 3);
    assertThatThrownBy(() -> Tensor.of(new float[6], 2, 2))
        .hasMessageContainingAll("(2, 2)", "4", "6");
    assertThatThrownBy(() -> x.reshape(4)).hasMessageContainingAll("(2, 3)", "(4,)");
    assertThatThrownBy(() -> x.slice(1, 3)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> x.view(4, Shape.of(3))).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> x.read(0, new double[6], 0, 6))
        .hasMessageContainingAll("FLOAT32", "FLOAT64");
    assertThatThrownBy(x::item).hasMessageContaining("(2, 3)");
    assertThatThrownBy(() -> x.copyFrom(Tensor.of(new float[5]))).hasMessageContaining("(5,)");
    assertThatThrownBy(() -> Shape.of(2, -1)).hasMessageContaining("(2, -1)");
    assertThatThrownBy(() -> Shape.of(1 << 16, 1 << 16)).hasMessageContaining("2^31-1");
    assertThatThrownBy(() -> Memory.allocate(1L << 32)).hasMessageContaining("2 GiB");
  }

  @Test
  void aClosedTensorIsRefused() {
    Tensor x = Tensor.of(new float[] {1});
    Tensor view = x.reshape(1, 1);
    x.close();
    x.close();
    assertThatThrownBy(() -> x.get(0)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(view::address).hasMessageContaining("freed");
    assertThatThrownBy(view::pointer).hasMessageContaining("freed");
  }

  @Test
  void shapesBroadcastAsNumPySays() {
    assertThat(Shape.broadcast(Shape.of(2, 1, 4), Shape.of(3, 1))).isEqualTo(Shape.of(2, 3, 4));
    assertThat(Shape.broadcast(Shape.scalar(), Shape.of(0))).isEqualTo(Shape.of(0));
    assertThatThrownBy(() -> Shape.broadcast(Shape.of(2, 3), Shape.of(2)))
        .hasMessageContainingAll("(2, 3)", "(2,)", "axis -1");
    assertThat(Shape.of(32, 28, 28, 1)).hasToString("(32, 28, 28, 1)");
    assertThat(Shape.of(28, 28).prepend(32).withoutFirst()).isEqualTo(Shape.of(28, 28));
  }
}
