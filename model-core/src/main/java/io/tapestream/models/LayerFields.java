package io.tapestream.models;

import io.tapestream.layers.Layer;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The layers in a model's fields. */
final class LayerFields {

  private record Found(String name, Layer layer) {}

  /**
   * Layers by field name, in the order of their construction; those of a list are {@code field_0},
   * {@code field_1}, …
   */
  static Map<String, Layer> of(Model model) {
    List<Found> found = new ArrayList<>();
    for (Class<?> type = model.getClass(); type != Model.class; type = type.getSuperclass()) {
      for (Field field : type.getDeclaredFields()) {
        if (!Modifier.isStatic(field.getModifiers())) {
          collect(model, field, found);
        }
      }
    }
    found.sort(Comparator.comparingLong(f -> f.layer().constructionOrder()));
    Set<Layer> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    Map<String, Layer> layers = new LinkedHashMap<>();
    for (Found f : found) {
      if (seen.add(f.layer()) && layers.put(f.name(), f.layer()) != null) {
        throw new IllegalStateException(
            model.getClass().getName()
                + " has two layers called \""
                + f.name()
                + "\"; rename a field");
      }
    }
    return layers;
  }

  private static void collect(Model model, Field field, List<Found> found) {
    Class<?> type = field.getType();
    boolean one = Layer.class.isAssignableFrom(type);
    boolean array = type.isArray() && Layer.class.isAssignableFrom(type.getComponentType());
    if (!one && !array && !Collection.class.isAssignableFrom(type)) {
      return;
    }
    Object value = read(model, field);
    if (value == null) {
      if (one || array) {
        throw new IllegalStateException(
            "field "
                + field.getName()
                + " of "
                + model.getClass().getName()
                + " is null; construct its layer in the constructor");
      }
      return;
    }
    if (one) {
      found.add(new Found(field.getName(), (Layer) value));
      return;
    }
    Collection<?> elements = array ? Arrays.asList((Layer[]) value) : (Collection<?>) value;
    int i = 0;
    for (Object element : elements) {
      if (element instanceof Layer layer) {
        found.add(new Found(field.getName() + "_" + i++, layer));
      }
    }
  }

  private static @Nullable Object read(Model model, Field field) {
    try {
      field.setAccessible(true);
      return field.get(model);
    } catch (IllegalAccessException e) {
      throw new IllegalStateException("can't read " + field, e);
    }
  }

  private LayerFields() {}
}
