package io.tapestream.layers;

import io.tapestream.onnx.OnnxCall;
import io.tapestream.onnx.OnnxForm;
import io.tapestream.onnx.OnnxValue;
import io.tapestream.tensor.Shape;
import io.tapestream.tensor.Tensor;
import java.util.List;

/**
 * Element by element, one tensor from several.
 *
 * <p>Inputs: at least two, (batch, …), with as many axes, of shapes that broadcast. Output: of the
 * shape that they broadcast to.
 */
public abstract class Merge extends Layer implements OnnxForm {

  /** It has no settings. */
  public record Settings() {}

  Merge() {}

  @Override
  public final Settings settings() {
    return new Settings();
  }

  @Override
  protected void build(List<Shape> inputs, Builder builder) {
    if (inputs.size() < 2) {
      throw expected("of at least two tensors", inputs);
    }
    if (inputs.stream().mapToInt(Shape::rank).distinct().count() > 1) {
      throw expected("of shapes with as many axes", inputs);
    }
    Shape merged = inputs.get(0);
    for (Shape next : inputs) {
      if (!broadcast(merged, next)) {
        throw expected("of shapes that broadcast", inputs);
      }
      merged = Shape.broadcast(merged, next);
    }
  }

  private static boolean broadcast(Shape a, Shape b) {
    for (int axis = 0; axis < a.rank(); axis++) {
      if (a.dim(axis) != b.dim(axis) && a.dim(axis) != 1 && b.dim(axis) != 1) {
        return false;
      }
    }
    return true;
  }

  @Override
  protected final Tensor call(List<Tensor> inputs, Context context) {
    Tensor merged = inputs.get(0);
    for (Tensor next : inputs.subList(1, inputs.size())) {
      merged = combine(merged, next);
    }
    return finish(merged, inputs.size());
  }

  abstract Tensor combine(Tensor merged, Tensor next);

  Tensor finish(Tensor merged, int count) {
    return merged;
  }

  /** An operator of two inputs over all of them, from the first to the last. */
  static OnnxValue onnx(OnnxCall call, String operator) {
    OnnxValue merged = call.input();
    for (OnnxValue next : call.inputs().subList(1, call.inputs().size())) {
      merged = call.op(operator).of(merged, next);
    }
    return merged;
  }
}
