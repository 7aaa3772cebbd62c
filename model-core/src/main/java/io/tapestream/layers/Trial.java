package io.tapestream.layers;

import io.tapestream.autodiff.Variable;
import io.tapestream.initializers.Initializer;
import io.tapestream.tensor.DType;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import io.tapestream.tensor.Workspace;
import java.util.ArrayList;
import java.util.List;

/**
 * One call of a layer on zeros, which tells its outputs' shapes. Layers that are not built yet are
 * lent zeros as variables and are left as they were.
 */
@SuppressWarnings("try") // workspace scopes act by being open
final class Trial implements Context.Observer {
  private final List<Layer> lent = new ArrayList<>();

  /** What a layer gives, for one example. */
  record Outcome(Shape shape, DType dtype) {}

  static List<Outcome> of(Layer layer, List<SymbolicTensor> inputs) {
    Trial trial = new Trial();
    try (Workspace memory = new Workspace();
        Workspace.Scope scope = memory.enter()) {
      List<Tensor> zeros =
          inputs.stream().map(x -> Tensor.zeros(x.dtype(), x.shape().prepend(1))).toList();
      return layer.applyAll(zeros, Context.inference().observedBy(trial)).stream()
          .map(y -> new Outcome(y.shape().withoutFirst(), y.dtype()))
          .toList();
    } finally {
      trial.lent.forEach(Layer::forget);
    }
  }

  @Override
  public void before(Layer layer, List<Tensor> inputs) {
    if (!layer.isBuilt()) {
      lent.add(layer);
      layer.prepare(Place.NONE, layer.examplesOf(inputs), new Zeros());
    }
  }

  @Override
  public void after(Layer layer, List<Tensor> outputs) {}

  private record Zeros() implements Builder {
    @Override
    public Variable parameter(String name, Shape shape, Initializer initializer) {
      Tensor zeros = Tensor.zeros(DType.FLOAT32, shape);
      return new Variable(name, zeros, zeros, true);
    }

    @Override
    public Variable statistic(String name, Shape shape, Initializer initializer) {
      return parameter(name, shape, initializer);
    }
  }
}
