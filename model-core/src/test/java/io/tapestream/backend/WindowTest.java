package io.tapestream.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class WindowTest {

  @Test
  void validTakesOnlyWhatLiesInTheImage() {
    Window window = Window.of(28, 27, 5, 5, 1, 2, Padding.VALID);
    assertThat(window.outputHeight(28)).isEqualTo(24);
    assertThat(window.outputWidth(27)).isEqualTo(12);
    assertThat(window.outputHeight(4)).isZero();
  }

  @Test
  void sameGivesLengthOverStrideAndPutsTheOddRestBelowAndRight() {
    Window window = Window.of(28, 7, 4, 3, 1, 2, Padding.SAME);
    assertThat(window).isEqualTo(new Window(4, 3, 1, 2, 1, 2, 1, 1));
    assertThat(window.outputHeight(28)).isEqualTo(28);
    assertThat(window.outputWidth(7)).isEqualTo(4);
  }

  @Test
  void nonsenseIsRefused() {
    assertThatThrownBy(() -> Window.of(8, 8, 3, 3, 0, 1, Padding.VALID))
        .hasMessageContaining("at least 1");
    assertThatThrownBy(() -> new Window(2, 2, 1, 1, 2, 0, 0, 0)).hasMessageContaining("borders");
  }
}
