package io.tapestream.layers;

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

/** The layers in a layer's fields. */
final class LayerFields {

  private record Found(String name, Layer layer) {}

  /**
   * Layers by field name, in the order of their construction; those of an array or a collection are
   * {@code field_0}, {@code field_1}, …, those of a map {@code field_key}. Static and transient
   * fields are not looked at.
   */
  static Map<String, Layer> of(Layer owner) {
    List<Found> found = new ArrayList<>();
    for (Class<?> type = owner.getClass(); type != Layer.class; type = type.getSuperclass()) {
      for (Field field : type.getDeclaredFields()) {
        int modifiers = field.getModifiers();
        if (!Modifier.isStatic(modifiers) && !Modifier.isTransient(modifiers)) {
          collect(owner, field, found);
        }
      }
    }
    found.sort(Comparator.comparingLong(f -> f.layer().constructionOrder()));
    Set<Layer> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    Map<String, Layer> layers = new LinkedHashMap<>();
    for (Found f : found) {
      if (seen.add(f.layer()) && layers.put(f.name(), f.layer()) != null) {
        throw new IllegalStateException(
            owner.getClass().getName()
                + " has two layers called \""
                + f.name()
                + "\"; rename a field");
      }
    }
    return layers;
  }

  private static void collect(Layer owner, Field field, List<Found> found) {
    Class<?> type = field.getType();
    boolean one = Layer.class.isAssignableFrom(type);
    boolean array = type.isArray() && Layer.class.isAssignableFrom(type.getComponentType());
    boolean several = Collection.class.isAssignableFrom(type) || Map.class.isAssignableFrom(type);
    if (!one && !array && !several) {
      return;
    }
    Object value = read(owner, field);
    if (value == null) {
      if (one || array) {
        throw new IllegalStateException(
            "field "
                + field.getName()
                + " of "
                + owner.getClass().getName()
                + " is null; construct its layer in the constructor");
      }
      return;
    }
    if (one) {
      found.add(new Found(field.getName(), (Layer) value));
      return;
    }
    if (value instanceof Map<?, ?> map) {
      map.forEach((key, element) -> add(field.getName() + "_" + key, element, found));
      return;
    }
    Collection<?> elements = array ? Arrays.asList((Layer[]) value) : (Collection<?>) value;
    int i = 0;
    for (Object element : elements) {
      if (element instanceof Layer) {
        add(field.getName() + "_" + i++, element, found);
      }
    }
  }

  private static void add(String name, @Nullable Object element, List<Found> found) {
    if (element instanceof Layer layer) {
      found.add(new Found(name, layer));
    }
  }

  private static @Nullable Object read(Layer owner, Field field) {
    try {
      field.setAccessible(true);
      return field.get(owner);
    } catch (IllegalAccessException e) {
      throw new IllegalStateException("can't read " + field, e);
    }
  }

  private LayerFields() {}
}
