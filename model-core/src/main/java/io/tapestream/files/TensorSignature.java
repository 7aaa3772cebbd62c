package io.tapestream.files;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * An input or an output of a model.
 *
 * @param name by which a client names it
 * @param dtype element type, {@code "float32"}
 * @param shape (batch, …); the batch is -1: any number of examples
 */
public record TensorSignature(String name, String dtype, List<Integer> shape)
    implements Serializable {

  /** Any number of examples. */
  public static final int BATCH = -1;

  /** Checks the dimensions and keeps a copy. */
  public TensorSignature {
    Objects.requireNonNull(name, "a tensor of the signature lacks \"name\"");
    Objects.requireNonNull(dtype, "a tensor of the signature lacks \"dtype\"");
    shape = List.copyOf(Objects.requireNonNull(shape, "a tensor of the signature lacks \"shape\""));
    if (shape.isEmpty()
        || shape.get(0) != BATCH
        || shape.stream().skip(1).anyMatch(dim -> dim <= 0)) {
      throw new IllegalArgumentException(
          "the shape of \"%s\" in the signature is %s: give -1 for the batch and positive dimensions"
              .formatted(name, shape));
    }
  }

  /** A float32 tensor for a batch of examples of this shape. */
  public static TensorSignature of(String name, List<Integer> example) {
    List<Integer> shape = new ArrayList<>(List.of(BATCH));
    shape.addAll(example);
    return new TensorSignature(name, "float32", shape);
  }
}
