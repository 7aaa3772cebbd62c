package io.tapestream.layers;

import io.tapestream.models.Model;
import io.tapestream.specs.Specs;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/** The layers of {@link LayersTest}, built, for tests of what all layers do. */
public final class LayerCases {

  /** A layer alone in a model, and the shapes of its inputs for one example. */
  public record Built(Layer layer, List<Shape> inputs, Model model) {}

  /** A model of one layer. */
  private static final class Alone extends Model {
    private final Layer layer;

    Alone(Layer layer) {
      this.layer = layer;
    }

    @Override
    protected List<Tensor> callAll(List<Tensor> inputs, Context context) {
      return layer.applyAll(inputs, context);
    }
  }

  /** All of them. */
  public static List<Built> built() {
    return Stream.concat(LayersTest.layers(), LayersTest.layersOfSeveralInputs())
        .map(LayerCases::build)
        .toList();
  }

  @SuppressWarnings("unchecked")
  private static Built build(Arguments arguments) {
    Layer layer = (Layer) arguments.get()[0];
    Object shapes = arguments.get()[1];
    List<Shape> inputs = shapes instanceof Shape shape ? List.of(shape) : (List<Shape>) shapes;
    Alone model = new Alone(layer);
    model.build(inputs, 1);
    return new Built(layer, inputs, model);
  }

  /** Calls an equal layer on what a model of such inputs would be given. */
  public static void describe(Built built, List<Shape> inputs) {
    Layer fresh = Specs.read(Specs.toJson(built.layer()), Layer.class);
    DType type = built.layer() instanceof Embedding ? DType.INT64 : DType.FLOAT32;
    fresh.applyAll(inputs.stream().map(input -> SymbolicTensor.input(input, type)).toList());
  }

  private LayerCases() {}
}
