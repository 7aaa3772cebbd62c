package io.tapestream.serving.protocol;

import io.tapestream.files.Signature;
import io.tapestream.serving.follow.NamedValues;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How tensors by name fill a model's input: the only feature has the input's shape; of several,
 * each is flattened, and they are laid side by side as the signature orders them. One tensor may
 * also bring the whole input of a model with several.
 *
 * @param signature what the model takes
 */
public record InputLayout(Signature signature) {

  /** Name of a tensor that brings all features side by side, unless a feature is called so. */
  public static final String WHOLE = "input";

  /**
   * A tensor that a client may send.
   *
   * @param shape of one example; -1 for what the signature leaves open
   */
  public record Input(String name, List<Integer> shape) {}

  /** The inputs by name. */
  public List<Input> inputs() {
    List<String> names = signature.features();
    if (names.size() == 1) {
      return List.of(new Input(names.get(0), signature.inputShape()));
    }
    List<Integer> shape = names.size() == signature.inputSize() ? List.of() : List.of(-1);
    return names.stream().map(name -> new Input(name, shape)).toList();
  }

  /**
   * The examples of a tensor that is the whole input.
   *
   * @param shape (rows, …input shape)
   * @throws RequestException with status 400 if the shape is another
   */
  public Examples whole(String name, List<Integer> shape, float[] values) {
    List<Integer> one = signature.inputShape();
    boolean bareNumbers = shape.size() == 1 && one.equals(List.of(1));
    if (!bareNumbers
        && (shape.size() != one.size() + 1 || !shape.subList(1, shape.size()).equals(one))) {
      throw bad(name + " has shape " + shape + " where [rows" + listed(one) + "] is expected");
    }
    return checked(name, values, shape.get(0));
  }

  /**
   * The examples that tensors bring together.
   *
   * @throws RequestException with status 400 if one is missing, unknown or given twice, or they
   *     don't fill the input
   */
  public Examples of(List<NamedValues> tensors) {
    if (tensors.size() == 1 && isWhole(tensors.get(0).name())) {
      NamedValues only = tensors.get(0);
      return whole("\"" + only.name() + "\"", only.shape(), only.values());
    }
    List<NamedValues> ordered = inOrder(tensors);
    int rows = ordered.get(0).rows();
    for (NamedValues tensor : ordered) {
      if (tensor.rows() != rows) {
        throw bad(
            "\""
                + tensor.name()
                + "\" has "
                + tensor.rows()
                + " rows where \""
                + ordered.get(0).name()
                + "\" has "
                + rows);
      }
    }
    checked("\"" + ordered.get(0).name() + "\"", ordered.get(0).values(), rows);
    return new Examples(sideBySide(ordered, rows), rows);
  }

  private boolean isWhole(String name) {
    List<String> features = signature.features();
    return features.size() == 1
        ? name.equals(features.get(0))
        : name.equals(WHOLE) && !features.contains(WHOLE);
  }

  private List<NamedValues> inOrder(List<NamedValues> tensors) {
    Map<String, NamedValues> byName = new HashMap<>();
    for (NamedValues tensor : tensors) {
      if (!signature.features().contains(tensor.name())) {
        throw bad("\"" + tensor.name() + "\" is no feature of the model");
      }
      if (byName.put(tensor.name(), tensor) != null) {
        throw bad("\"" + tensor.name() + "\" is given twice");
      }
    }
    List<NamedValues> ordered = new ArrayList<>();
    for (String name : signature.features()) {
      @Nullable NamedValues tensor = byName.get(name);
      if (tensor == null) {
        throw bad("feature \"" + name + "\" is missing");
      }
      ordered.add(tensor);
    }
    return ordered;
  }

  private float[] sideBySide(List<NamedValues> tensors, int rows) {
    long size = tensors.stream().mapToLong(tensor -> tensor.values().length).sum();
    int width = signature.inputSize();
    if (size != (long) rows * width) {
      throw bad(
          "the features have "
              + size / rows
              + " values an example in all where "
              + width
              + " are expected");
    }
    float[] values = new float[rows * width];
    int column = 0;
    for (NamedValues tensor : tensors) {
      int own = tensor.values().length / rows;
      for (int row = 0; row < rows; row++) {
        System.arraycopy(tensor.values(), row * own, values, row * width + column, own);
      }
      column += own;
    }
    return values;
  }

  private Examples checked(String name, float[] values, int rows) {
    if (rows < 1) {
      throw bad(name + " is empty: send at least one example");
    }
    return new Examples(values, rows);
  }

  /** An error of the request that also says what the model takes. */
  public RequestException bad(String what) {
    String named =
        signature.features().stream()
            .map(name -> "\"" + name + "\": …")
            .collect(Collectors.joining(", ", "{", "}"));
    return new RequestException(
        400,
        what
            + ". The model takes examples of shape "
            + signature.inputShape()
            + ", bare or as "
            + named);
  }

  private static String listed(List<Integer> shape) {
    return shape.stream().map(dim -> ", " + dim).collect(Collectors.joining());
  }
}
