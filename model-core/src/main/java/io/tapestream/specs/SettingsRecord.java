package io.tapestream.specs;

import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Parameter;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reads a record from JSON; keys left out come from its shortest constructor whose parameters are
 * all given.
 */
final class SettingsRecord {

  static Object read(Class<?> record, JsonNode given, DeserializationContext context)
      throws IOException {
    if (!given.isNull() && !given.isObject()) {
      throw JsonMappingException.from(context, "settings must be an object {…}, got " + given);
    }
    RecordComponent[] components = record.getRecordComponents();
    refuseUnknown(given, components, context, record);
    @Nullable Object[] values = new Object[components.length];
    List<String> missing = new ArrayList<>();
    for (int i = 0; i < components.length; i++) {
      String key = components[i].getName();
      if (given.has(key)) {
        values[i] = value(given.get(key), components[i], record, context);
      } else {
        missing.add(key);
      }
    }
    if (!missing.isEmpty()) {
      Object defaults = defaults(record, given, components, values, missing, context);
      for (int i = 0; i < components.length; i++) {
        if (missing.contains(components[i].getName())) {
          values[i] = get((Record) defaults, components[i]);
        }
      }
    }
    return construct(canonical(record, components), context, values);
  }

  static @Nullable Object get(Record record, RecordComponent component) {
    try {
      component.getAccessor().setAccessible(true);
      return component.getAccessor().invoke(record);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(
          "can't read " + component + " of " + record.getClass().getName(), e);
    }
  }

  static Object construct(
      Constructor<?> constructor, DeserializationContext context, @Nullable Object... arguments)
      throws JsonMappingException {
    try {
      constructor.setAccessible(true);
      return constructor.newInstance(arguments);
    } catch (InvocationTargetException e) {
      Throwable cause = e.getTargetException();
      throw JsonMappingException.from(context, String.valueOf(cause.getMessage()), cause);
    } catch (ReflectiveOperationException e) {
      throw JsonMappingException.from(
          context, "can't make " + constructor.getDeclaringClass().getName(), e);
    }
  }

  private static @Nullable Object value(
      JsonNode given, RecordComponent component, Class<?> record, DeserializationContext context)
      throws IOException {
    try {
      JavaType type = context.getTypeFactory().constructType(component.getGenericType());
      return context.readTreeAsValue(given, type);
    } catch (IOException | IllegalArgumentException e) {
      throw JsonMappingException.wrapWithPath(e, record, component.getName());
    }
  }

  private static void refuseUnknown(
      JsonNode given, RecordComponent[] components, DeserializationContext context, Class<?> record)
      throws JsonMappingException {
    List<String> known = Stream.of(components).map(RecordComponent::getName).toList();
    for (var names = given.fieldNames(); names.hasNext(); ) {
      String name = names.next();
      if (!known.contains(name)) {
        throw JsonMappingException.from(
            context,
            "unknown setting \"" + name + "\" of " + owner(record) + "; its settings are " + known);
      }
    }
  }

  private static Object defaults(
      Class<?> record,
      JsonNode given,
      RecordComponent[] components,
      @Nullable Object[] values,
      List<String> missing,
      DeserializationContext context)
      throws JsonMappingException {
    List<String> names = Arrays.stream(components).map(RecordComponent::getName).toList();
    List<Constructor<?>> longestFirst =
        Stream.of(record.getDeclaredConstructors())
            .filter(c -> c.getParameterCount() < components.length)
            .sorted(
                Comparator.<Constructor<?>>comparingInt(Constructor::getParameterCount).reversed())
            .collect(Collectors.toList());
    for (Constructor<?> constructor : longestFirst) {
      List<String> parameters =
          Stream.of(constructor.getParameters()).map(Parameter::getName).toList();
      boolean sameTypes =
          parameters.stream().allMatch(names::contains)
              && Stream.of(constructor.getParameters())
                  .allMatch(p -> p.getType() == components[names.indexOf(p.getName())].getType());
      if (sameTypes && parameters.stream().allMatch(given::has)) {
        return construct(
            constructor, context, parameters.stream().map(p -> values[names.indexOf(p)]).toArray());
      }
    }
    throw JsonMappingException.from(
        context,
        "missing setting"
            + (missing.size() == 1 ? " " : "s ")
            + String.join(", ", missing)
            + " of "
            + owner(record));
  }

  private static Constructor<?> canonical(Class<?> record, RecordComponent[] components) {
    Class<?>[] types = Stream.of(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
    try {
      return record.getDeclaredConstructor(types);
    } catch (NoSuchMethodException e) {
      throw new IllegalStateException(
          "every record has its canonical constructor: " + record.getName(), e);
    }
  }

  private static String owner(Class<?> record) {
    Class<?> enclosing = record.getEnclosingClass();
    return (enclosing == null ? record : enclosing).getSimpleName();
  }

  private SettingsRecord() {}
}
