package io.tapestream.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tapestream.layers.ActivationFunction;
import io.tapestream.layers.Builder;
import io.tapestream.layers.Context;
import io.tapestream.layers.Dense;
import io.tapestream.layers.Flatten;
import io.tapestream.layers.Input;
import io.tapestream.layers.Layer;
import io.tapestream.layers.SymbolicTensor;
import io.tapestream.ops.Add;
import io.tapestream.ops.GatherRows;
import io.tapestream.ops.Slice;
import io.tapestream.reference.Reference;
import io.tapestream.specs.Specs;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class FunctionalTest {

  /** A layer with several inputs overrides the forms of build and call that take lists. */
  public static final class Plus extends Layer {
    @Override
    public Record settings() {
      return new Model.None();
    }

    @Override
    protected void build(List<Shape> inputs, Builder builder) {
      if (inputs.stream().distinct().count() != 1) {
        throw expected("of one shape", inputs);
      }
    }

    @Override
    protected Tensor call(List<Tensor> inputs, Context context) {
      Tensor sum = inputs.get(0);
      for (Tensor x : inputs.subList(1, inputs.size())) {
        sum = Add.of(sum, x);
      }
      return sum;
    }
  }

  /** A layer with several outputs: the two halves of the last axis. */
  public static final class Halves extends Layer {
    @Override
    public Record settings() {
      return new Model.None();
    }

    @Override
    protected List<Tensor> callAll(List<Tensor> inputs, Context context) {
      Tensor x = inputs.get(0);
      int half = x.dim(-1) / 2;
      return List.of(Slice.of(x, -1, 0, half), Slice.of(x, -1, half, x.dim(-1)));
    }
  }

  /** Rows of a table, by integer ids. */
  public static final class Table extends Layer {
    private io.tapestream.autodiff.Variable rows;

    @Override
    public Record settings() {
      return new Model.None();
    }

    @Override
    protected void build(Shape ids, Builder builder) {
      rows =
          builder.parameter(
              "rows", Shape.of(10, 3), new io.tapestream.initializers.GlorotUniform());
    }

    @Override
    protected Tensor call(Tensor ids, Context context) {
      return GatherRows.of(rows.value(), ids);
    }
  }

  /** A residual link. */
  private static Functional residual() {
    SymbolicTensor x = Input.of(3);
    SymbolicTensor hidden = new Dense(3, ActivationFunction.TANH).apply(x);
    SymbolicTensor sum = new Plus().apply(List.of(x, hidden));
    return Model.of(x, new Dense(2).apply(sum).named("logits"));
  }

  @Test
  void aSymbolicTensorKnowsItsShapeAtOnceAndAMistakeIsFoundWhereItIsMade() {
    SymbolicTensor image = Input.of(4, 4, 1);

    assertThat(new Flatten().apply(image).shape()).isEqualTo(Shape.of(16));
    assertThat(Sequential.of(new Flatten(), new Dense(5)).apply(image).shape())
        .isEqualTo(Shape.of(5));
    assertThatThrownBy(() -> new Plus().apply(List.of(image, new Flatten().apply(image))))
        .hasMessageContaining("layer (Plus) expects input of one shape")
        .hasMessageContaining("got (batch, 4, 4, 1) and (batch, 16)");
    assertThatThrownBy(() -> new Dense(3).apply(List.of(image, image)))
        .hasMessageContaining("(Dense) takes one input, got 2");
    assertThatThrownBy(() -> new Halves().apply(Input.of(4)))
        .hasMessageContaining("(Halves) has 2 outputs; call applyAll");
  }

  @Test
  void aResidualLinkAddsWhatGoesAroundALayer() {
    Functional model = residual();
    model.build(1);
    Tensor x = Tensor.of(Reference.uniform(1, 6), 2, 3);

    float[] w = model.parameters().values().toFloats();
    double[] expected = new double[4];
    float[] in = x.toFloats();
    for (int row = 0; row < 2; row++) {
      double[] sum = new double[3];
      for (int j = 0; j < 3; j++) {
        double z = w[9 + j];
        for (int i = 0; i < 3; i++) {
          z += in[row * 3 + i] * w[i * 3 + j];
        }
        sum[j] = in[row * 3 + j] + Math.tanh(z);
      }
      for (int k = 0; k < 2; k++) {
        for (int j = 0; j < 3; j++) {
          expected[row * 2 + k] += sum[j] * w[12 + j * 2 + k];
        }
      }
    }
    assertThat(model.predict(x).toDoubles())
        .containsExactly(expected, org.assertj.core.api.Assertions.within(1e-5));
    assertThat(model.parameters().entries())
        .extracting(ParameterVector.Entry::name)
        .containsExactly("dense/kernel", "dense/bias", "logits/kernel", "logits/bias");
    assertThat(model.summary()).contains("logits (Dense)").contains("plus (Plus)");
  }

  @Test
  void aLayerCalledTwiceHasOneSetOfVariablesAndBothCallsTrainIt() {
    SymbolicTensor left = Input.of(3).named("left");
    SymbolicTensor right = Input.of(3).named("right");
    Dense shared = new Dense(2);
    Functional model =
        Model.of(
            List.of(left, right),
            List.of(new Plus().apply(List.of(shared.apply(left), shared.apply(right)))));
    model.build(1);

    assertThat(model.parameters().size()).isEqualTo(3 * 2 + 2);
    assertThat(model.settings().calls())
        .extracting(Functional.Call::name)
        .containsExactly("dense", "dense_1", "plus");
    Tensor a = Tensor.of(Reference.uniform(1, 6), 2, 3);
    Tensor b = Tensor.of(Reference.uniform(2, 6), 2, 3);
    assertThat(model.predict(List.of(a, b)).get(0).toFloats())
        .isEqualTo(model.predict(List.of(b, a)).get(0).toFloats());
    assertThat(model.inputShapes()).containsExactly(Shape.of(3), Shape.of(3));
    assertThatThrownBy(model::inputShape).hasMessageContaining("Functional has 2 inputs");
    assertThatThrownBy(() -> model.predict(a))
        .hasMessageContaining("was built for input (batch, 3) and (batch, 3), got (2, 3)");
  }

  @Test
  void aSummaryTellsWhatEachLayerIsConnectedTo() {
    SymbolicTensor left = Input.of(3).named("left");
    SymbolicTensor right = Input.of(3).named("right");
    Dense shared = new Dense(2);
    SymbolicTensor sum = new Plus().apply(List.of(shared.apply(left), shared.apply(right)));
    Sequential head = Sequential.of(new Dense(4), new Dense(1));
    Functional model = Model.of(List.of(left, right), List.of(head.apply(sum).named("head")));
    model.build(1);

    assertThat(model.summary().lines())
        .containsExactly(
            "Model: Functional",
            "─".repeat(78),
            "Layer (type)           Output shape   Parameters   Connected to",
            "─".repeat(78),
            "left (Input)           (batch, 3)              0",
            "right (Input)          (batch, 3)              0",
            "dense (Dense)          (batch, 2)              8   dense: left; dense_1: right",
            "plus (Plus)            (batch, 2)              0   dense, dense_1",
            "head/dense (Dense)     (batch, 4)             12   head: plus",
            "head/dense_1 (Dense)   (batch, 1)              5",
            "─".repeat(78),
            "Trained parameters: 25",
            "Statistics: 0",
            "Size: 0.1 KiB");
  }

  @Test
  void aLayerSharedByInputsOfSeveralShapesIsRefusedWhereTheModelIsMade() {
    Dense shared = new Dense(2);
    SymbolicTensor a = Input.of(3);
    SymbolicTensor b = Input.of(4);

    assertThatThrownBy(
            () ->
                Model.of(
                    List.of(a, b),
                    List.of(new Plus().apply(List.of(shared.apply(a), shared.apply(b))))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "layer \"dense\" (Dense) is called on (batch, 3) and on (batch, 4): a layer has one input shape, so call a second layer on the other");
  }

  @Test
  void aLayerWithSeveralOutputsFeedsSeveralBranchesAndAModelMayHaveSeveral() {
    SymbolicTensor x = Input.of(4);
    List<SymbolicTensor> halves = new Halves().applyAll(List.of(x));
    Functional model =
        Model.of(List.of(x), List.of(new Dense(1).apply(halves.get(1)), halves.get(0)));
    model.build(1);

    List<Tensor> y = model.predict(List.of(Tensor.of(new float[] {1, 2, 3, 4}, 1, 4)));

    assertThat(model.outputNames()).containsExactly("dense", "halves");
    assertThat(y.get(0).shape()).isEqualTo(Shape.of(1, 1));
    assertThat(y.get(1).toFloats()).containsExactly(1, 2);
    assertThat(model.settings().calls().get(1).inputs()).containsExactly("halves:1");
  }

  @Test
  void idsAreIntegersBesideRealNumbers() {
    SymbolicTensor ids = Input.ids();
    SymbolicTensor x = Input.of(3);
    Functional model =
        Model.of(List.of(ids, x), List.of(new Plus().apply(List.of(new Table().apply(ids), x))));
    model.build(1);

    Tensor y =
        model.predict(List.of(Tensor.of(new long[] {7, 7}), Tensor.of(new float[6], 2, 3))).get(0);

    float[] seventh = new float[3];
    model.parameters().read(21, seventh, 0, 3);
    assertThat(y.slice(0, 1).toFloats()).isEqualTo(seventh);
    assertThat(y.slice(1, 2).toFloats()).isEqualTo(seventh);
  }

  @Test
  void modelsNestInModelsOfEveryKind() {
    SymbolicTensor x = Input.of(3);
    Functional inner = residual();
    Functional outer = Model.of(x, Sequential.of(inner, new Dense(1)).apply(new Dense(3).apply(x)));
    outer.build(1);

    assertThat(outer.parameters().entries())
        .extracting(ParameterVector.Entry::name)
        .startsWith("dense/kernel", "dense/bias", "sequential/functional/dense/kernel")
        .endsWith("sequential/dense/bias");
    Model again = Specs.read(Specs.toJson(outer), Model.class);
    again.build(Shape.of(3), 1);
    assertThat(again.parameters().values().toFloats())
        .isEqualTo(outer.parameters().values().toFloats());
  }

  @Test
  void aSpecificationMakesAnEqualGraph() {
    for (Functional model : List.of(residual(), twice())) {
      model.build(1);
      JsonNode spec = Specs.toJson(model);

      Functional again = (Functional) Specs.read(spec, Model.class);
      again.build(1);

      assertThat(Specs.toJson(again)).isEqualTo(spec);
      assertThat(again.parameters().entries()).isEqualTo(model.parameters().entries());
      assertThat(again.parameters().values().toFloats())
          .isEqualTo(model.parameters().values().toFloats());
      Tensor x = Tensor.of(Reference.uniform(1, 6), 2, 3);
      assertThat(again.predict(x).toFloats()).isEqualTo(model.predict(x).toFloats());
    }
  }

  /** One layer, called on its own output. */
  private static Functional twice() {
    SymbolicTensor x = Input.of(3);
    Dense shared = new Dense(3, ActivationFunction.TANH);
    return Model.of(x, shared.apply(shared.apply(x)));
  }

  @Test
  void aLayerBringsItsValuesFromTheModelThatItWasBuiltIn() {
    Functional trained = residual();
    trained.build(1);
    Tensor x = Tensor.of(Reference.uniform(1, 6), 2, 3);
    float[] before = trained.predict(x).toFloats();
    SymbolicTensor input = Input.of(3);

    Functional outer = Model.of(input, trained.apply(input));
    outer.build(7);

    assertThat(outer.predict(x).toFloats()).isEqualTo(before);
    assertThatThrownBy(() -> trained.predict(x))
        .hasMessageContaining("Functional has become a part of")
        .hasMessageContaining("build it again");
  }

  @Test
  void whatIsNoGraphIsRefused() {
    SymbolicTensor x = Input.of(3);
    SymbolicTensor other = Input.of(3).named("other");
    SymbolicTensor y = new Plus().apply(List.of(x, other));

    assertThatThrownBy(() -> Model.of(x, y))
        .hasMessageContaining("depend on (batch, 3) input \"other\"")
        .hasMessageContaining("not among the model's inputs");
    assertThatThrownBy(() -> Model.of(List.of(x, other, Input.of(2)), List.of(y)))
        .hasMessageContaining("\"input_1\" reaches no output");
    assertThatThrownBy(() -> Model.of(y, new Dense(1).apply(y)))
        .hasMessageContaining("a model's inputs are made by Input.of");
    assertThatThrownBy(() -> Model.of(List.of(x, x), List.of(y)))
        .hasMessageContaining("is given twice");
    assertThatThrownBy(() -> Model.of(List.of(x, other), List.of(y, y)))
        .hasMessageContaining("an output is given twice: [plus, plus]");
    assertThatThrownBy(() -> Model.of(x, new Dense(2).apply(x).named("a/b")))
        .hasMessageContaining("can't be a layer's name");
    SymbolicTensor a = new Dense(2).apply(x).named("a");
    assertThatThrownBy(() -> Model.of(x, new Dense(2).apply(a).named("a")))
        .hasMessageContaining("the name \"a\" is given twice");
    assertThatThrownBy(() -> residual().build(Shape.of(4), 1))
        .hasMessageContaining("expects input (batch, 3), got (batch, 4)");
  }

  @Test
  void aSpecificationThatIsNoGraphIsRefused() {
    assertThatThrownBy(() -> read("[{'layer': 'd', 'inputs': ['d']}]", "['d']"))
        .hasMessageContaining("\"d\" is computed only later")
        .hasMessageContaining("no cycle");
    assertThatThrownBy(() -> read("[{'layer': 'e', 'inputs': ['x']}]", "['e']"))
        .hasMessageContaining("there is no layer \"e\"; there are [d]");
    assertThatThrownBy(() -> read("[{'layer': 'd', 'inputs': ['y']}]", "['d']"))
        .hasMessageContaining("neither an input nor a call; there are [x, d]");
    assertThatThrownBy(() -> read("[]", "['x']"))
        .hasMessageContaining("layer \"d\" is never called");
    assertThatThrownBy(() -> read("[{'layer': 'd'}]", "['d']"))
        .hasMessageContaining("the inputs of a call of d is missing");
    assertThatThrownBy(() -> read("[{'layer': 'd', 'inputs': ['x'], 'nme': 'z'}]", "['d']"))
        .hasMessageContaining("nme");
    Model model = read("[{'layer': 'd', 'inputs': ['x']}]", "['d:1']");
    assertThatThrownBy(() -> model.build(Shape.of(3), 1))
        .hasMessageContaining("output 1 of a call is used that has only 1");
  }

  private static Model read(String calls, String outputs) {
    String spec =
        "{'type': 'Functional', 'settings': {'inputs': [{'name': 'x', 'shape': [3]}], 'layers': {'d': {'type': 'Dense', 'settings': {'units': 3}}}, 'calls': "
            + calls
            + ", 'outputs': "
            + outputs
            + "}}";
    try {
      return Specs.read(new ObjectMapper().readTree(spec.replace('\'', '"')), Model.class);
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
