package io.tapestream.specs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.TextNode;
import io.tapestream.optimizers.Adam;
import io.tapestream.optimizers.Optimizer;
import io.tapestream.optimizers.Sgd;
import io.tapestream.schedules.Constant;
import io.tapestream.schedules.Schedule;
import java.util.List;
import org.junit.jupiter.api.Test;

class SpecsTest {

  /** A family of its own, as a user would write one. */
  interface Shape extends Specified {}

  enum Colour {
    RED,
    BLUE
  }

  record Circle(double radius, Colour colour) implements Shape {
    Circle(double radius) {
      this(radius, Colour.RED);
    }
  }

  static final class Group implements Shape {
    public record Settings(List<Shape> shapes) {}

    private final Settings settings;

    public Group(Settings settings) {
      this.settings = settings;
    }

    @Override
    public Settings settings() {
      return settings;
    }
  }

  @Test
  void anOptimizerIsItsTypeAndItsSettings() throws Exception {
    JsonNode spec = Specs.toJson(new Adam(0.01));

    assertThat(spec)
        .isEqualTo(
            json(
                """
        {"type": "Adam", "settings": {"learningRate": 0.01, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-7}}"""));
    assertThat(Specs.read(spec, Optimizer.class)).isEqualTo(new Adam(0.01));
  }

  @Test
  void settingsLeftOutTakeTheDefaultsOfTheRecordsOtherConstructors() throws Exception {
    assertThat(read("{\"type\": \"Adam\"}")).isEqualTo(new Adam());
    assertThat(Specs.read(new TextNode("Adam"), Optimizer.class)).isEqualTo(new Adam());
    assertThat(read("{\"type\": \"Sgd\", \"settings\": {\"momentum\": 0.9}}"))
        .isEqualTo(new Sgd(0.01, 0.9, false));
  }

  @Test
  void aNumberStandsForTheConstantOfAFamilyThatHasOne() throws Exception {
    assertThat(Specs.read(json("0.5"), Schedule.class)).isEqualTo(new Constant(0.5));
    assertThat(
            Specs.read(
                json("{\"type\": \"Constant\", \"settings\": {\"value\": 1}}"), Schedule.class))
        .isEqualTo(new Constant(1));
    assertThat(Specs.toJson(new Constant(0.5))).isEqualTo(json("0.5"));
    assertThatThrownBy(() -> read("3"))
        .hasMessageContaining("no Optimizer")
        .hasMessageContaining("Constant");
    assertThatThrownBy(() -> read("{\"type\": \"Sgd\", \"settings\": {\"learningRate\": -1}}"))
        .hasMessageContaining("Optimizer.learningRate")
        .hasMessageContaining("at least 0, got -1");
  }

  @Test
  void aFullClassNameNamesAClassOfOnesOwnAndSpecsNest() throws Exception {
    JsonNode spec =
        Specs.toJson(
            new Group(new Group.Settings(List.of(new Circle(2), new Circle(3, Colour.BLUE)))));

    Shape group = Specs.read(spec, Shape.class);

    assertThat(group.settings())
        .isEqualTo(new Group.Settings(List.of(new Circle(2), new Circle(3, Colour.BLUE))));
    assertThat(spec.at("/settings/shapes/0/type").textValue()).isEqualTo(Circle.class.getName());
  }

  @Test
  void anEnumIsReadInAnyCase() throws Exception {
    JsonNode spec =
        json(
            "{\"type\": \""
                + Circle.class.getName()
                + "\", \"settings\": {\"radius\": 1, \"colour\": \"blue\"}}");

    assertThat(Specs.read(spec, Shape.class)).isEqualTo(new Circle(1, Colour.BLUE));
  }

  @Test
  void anErrorSaysWhereAndWhatIsWrong() throws Exception {
    assertThatThrownBy(() -> read("{\"type\": \"Adamant\"}"))
        .isInstanceOf(SpecException.class)
        .hasMessageContaining("no Optimizer io.tapestream.optimizers.Adamant");
    assertThatThrownBy(() -> read("{\"type\": \"java.lang.String\"}"))
        .hasMessageContaining("not a concrete Optimizer");
    assertThatThrownBy(() -> read("{\"type\": \"Sgd\", \"settings\": {\"rate\": 1}}"))
        .hasMessageContaining("unknown setting \"rate\" of Sgd")
        .hasMessageContaining("learningRate");
    assertThatThrownBy(() -> read("{\"type\": \"Sgd\", \"settings\": {\"momentum\": \"much\"}}"))
        .hasMessageContaining("Optimizer.momentum");
    assertThatThrownBy(() -> read("{\"type\": \"Sgd\", \"settings\": {\"momentum\": 2}}"))
        .hasMessageContaining("momentum must lie in [0, 1), got 2.0");
    assertThatThrownBy(() -> read("{\"type\": \"Sgd\", \"momentum\": 0.5}"))
        .hasMessageContaining("settings belong under \"settings\"");
    assertThatThrownBy(() -> read("{\"settings\": {}}")).hasMessageContaining("type");
    String nested =
        "{\"type\": \""
            + Group.class.getName()
            + "\", \"settings\": {\"shapes\": [{\"type\": \""
            + Circle.class.getName()
            + "\"}]}}";
    assertThatThrownBy(() -> Specs.read(json(nested), Shape.class))
        .hasMessageContaining("Shape.shapes[0]")
        .hasMessageContaining("missing settings radius, colour of");
  }

  private static Optimizer read(String spec) throws Exception {
    return Specs.read(json(spec), Optimizer.class);
  }

  private static JsonNode json(String text) throws Exception {
    return new ObjectMapper().readTree(text);
  }
}
