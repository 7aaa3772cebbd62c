package io.tapestream.layers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tapestream.models.Model;
import io.tapestream.models.Sequential;
import io.tapestream.specs.Specs;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class NormalizationTest {

  @Test
  void adaptedToExamplesItBringsEachFeatureToMeanZeroAndVarianceOne() {
    Tensor examples = Tensor.of(new float[] {1, 10, 2, 10, 3, 10, 6, 10}, 4, 2);
    Normalization layer = Normalization.adaptedTo(examples);
    assertThat(layer.settings().mean()).containsExactly(3.0, 10.0);
    assertThat(layer.settings().variance()).containsExactly(3.5, 0.0);

    Model model = Sequential.of(layer);
    model.build(Shape.of(2), 1);
    float[] y = model.predict(examples).toFloats();
    assertThat(y[0]).isCloseTo((float) (-2 / Math.sqrt(3.5)), within(1e-6f));
    assertThat(y[6]).isCloseTo((float) (3 / Math.sqrt(3.5)), within(1e-6f));
    assertThat(y[1]).as("a feature that never changes").isZero();
    model.close();
  }

  @Test
  void meanAndVarianceStandInTheSpecification() {
    Normalization layer = new Normalization(new Normalization.Settings(List.of(3.0), List.of(4.0)));
    assertThat(Specs.toJson(layer).toString())
        .isEqualTo("{\"type\":\"Normalization\",\"settings\":{\"mean\":[3.0],\"variance\":[4.0]}}");
  }

  @Test
  void numbersThatDoNotFitAreRefused() {
    assertThatThrownBy(() -> new Normalization.Settings(List.of(1.0), List.of(-1.0)))
        .hasMessageContaining("variances at least 0");
    assertThatThrownBy(() -> new Normalization.Settings(List.of(1.0, 2.0), List.of(1.0)))
        .hasMessageContaining("as many variances as means");
    Model model =
        Sequential.of(
            new Normalization(new Normalization.Settings(List.of(1.0, 2.0), List.of(1.0, 1.0))));
    assertThatThrownBy(() -> model.build(Shape.of(3), 1)).hasMessageContaining("(batch, …, 2)");
  }
}
