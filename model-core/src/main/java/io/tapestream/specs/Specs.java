package io.tapestream.specs;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.stream.Collectors;

/**
 * Specifications as JSON, and back.
 *
 * <pre>{@code
 * {"type": "Dense", "settings": {"units": 10, "activation": "relu"}}
 * {"type": "Adam"}                 every setting has a default
 * "Adam"                           the same
 * 0.001                            a kind's Constant, the record of that one number
 * {"type": "com.example.LeNet"}    a class of one's own
 * }</pre>
 *
 * <p>A {@code type} without a dot is a class in the package of the kind that is asked for: {@code
 * Dense} as a {@code Layer} is {@code io.tapestream.layers.Dense}. So there is no registry, and a
 * class of one's own is named in full. Keys of {@code settings} are the components of the class's
 * settings record; a key that is left out takes its value from the record's longest other
 * constructor whose parameters are all given (classes of one's own: compile with {@code
 * -parameters}, so that constructors know the names).
 */
public final class Specs {

  static final String CLASS_LOADER = "tapestream.classLoader";

  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .addModule(new SpecModule())
          .build();

  /**
   * The specification of {@code thing}: {@code {"type": …, "settings": {…}}} with every setting
   * written out.
   */
  public static JsonNode toJson(Specified thing) {
    return MAPPER.valueToTree(thing);
  }

  /**
   * Makes what {@code spec} names, with the class loader of the current thread, or else this
   * library's.
   *
   * @throws SpecException saying where in the specification what is wrong
   */
  public static <T extends Specified> T read(JsonNode spec, Class<T> kind) {
    ClassLoader context = Thread.currentThread().getContextClassLoader();
    return read(spec, kind, context == null ? Specs.class.getClassLoader() : context);
  }

  /**
   * Makes what {@code spec} names.
   *
   * @param kind the family, for example {@code Layer.class}; a type that is not of this kind is
   *     refused
   * @param loader finds the class
   * @throws SpecException saying where in the specification what is wrong
   */
  public static <T extends Specified> T read(JsonNode spec, Class<T> kind, ClassLoader loader) {
    try {
      return MAPPER.readerFor(kind).withAttribute(CLASS_LOADER, loader).readValue(spec);
    } catch (JsonMappingException e) {
      String path =
          e.getPath().stream()
              .map(
                  r -> r.getFieldName() == null ? "[" + r.getIndex() + "]" : "." + r.getFieldName())
              .collect(Collectors.joining());
      throw new SpecException(kind.getSimpleName() + path + ": " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new SpecException(kind.getSimpleName() + ": " + e.getMessage(), e);
    }
  }

  private Specs() {}
}
