package io.tapestream.models;

import io.tapestream.layers.Layer;
import java.util.Locale;
import java.util.Set;

/** Names for layers that were given none, as in Keras: {@code dense}, {@code dense_1}, … */
final class LayerNames {

  /** Such as {@code max_pooling2d} for {@code MaxPooling2D}. */
  static String ofType(Layer layer) {
    return layer
        .typeName()
        .replaceAll("(.)([A-Z][a-z]+)", "$1_$2")
        .replaceAll("([a-z])([A-Z])", "$1_$2")
        .toLowerCase(Locale.ROOT);
  }

  /** The base, or the first of {@code base_1}, {@code base_2}, … that is not taken. */
  static String unique(String base, Set<String> taken) {
    String name = base;
    for (int i = 1; taken.contains(name); i++) {
      name = base + "_" + i;
    }
    return name;
  }

  private LayerNames() {}
}
