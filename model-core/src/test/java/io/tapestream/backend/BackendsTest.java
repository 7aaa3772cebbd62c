package io.tapestream.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.tensor.DType;
import java.util.List;
import org.junit.jupiter.api.Test;

class BackendsTest {

  @Test
  void theMostPreferredThatLoadsIsChosen() {
    List<BackendProvider> providers = Backends.providers();
    assertThat(providers).extracting(BackendProvider::name).contains("nd4j");
    assertThat(Backends.choose(providers, "").name()).isEqualTo(providers.get(0).name());
    assertThat(Backends.choose(List.of(broken(), providers.get(0)), "").name())
        .isEqualTo(providers.get(0).name());
  }

  @Test
  void aNameChooses() {
    assertThat(Backends.choose(Backends.providers(), "nd4j").name()).isEqualTo("nd4j");
    assertThatThrownBy(() -> Backends.choose(Backends.providers(), "gpu"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContainingAll("tapestream.backend=gpu", "nd4j");
  }

  @Test
  void whyThereIsNoneIsToldToEveryoneWhoAsks() {
    Backends.Choice none = Backends.Choice.of(Backends.providers(), "gpu");
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(none::orThrow)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContainingAll("tapestream.backend=gpu", "nd4j");
    }
  }

  @Test
  void whyNoneLoadsIsKept() {
    assertThatThrownBy(() -> Backends.choose(List.of(broken()), ""))
        .hasMessageContaining("broken")
        .satisfies(
            error -> assertThat(error.getSuppressed()[0]).hasMessageContaining("no such library"));
  }

  @Test
  void doublesAreComputedByWhoeverCan() {
    assertThat(Backends.of(DType.FLOAT64).supports(DType.FLOAT64)).isTrue();
    assertThat(Backends.of(DType.FLOAT32)).isSameAs(Backends.current());
    assertThatThrownBy(() -> Backends.of(DType.INT64)).hasMessageContaining("INT64");
  }

  private static BackendProvider broken() {
    return new BackendProvider() {
      @Override
      public String name() {
        return "broken";
      }

      @Override
      public int preference() {
        return 1000;
      }

      @Override
      public Backend create() {
        throw new UnsatisfiedLinkError("no such library");
      }
    };
  }
}
