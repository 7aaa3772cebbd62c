package io.tapestream.specs;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.BeanDescription;
import com.fasterxml.jackson.databind.DeserializationConfig;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.deser.Deserializers;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.util.Iterator;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Teaches Jackson to write and read anything {@link Specified}, at any depth, as {@code {type,
 * settings}}.
 */
final class SpecModule extends SimpleModule {
  private static final long serialVersionUID = 1L;

  /** The record of one number that stands for a bare number, in the families that have one. */
  private static final String CONSTANT = "Constant";

  SpecModule() {
    super("specs");
    addSerializer(new Writer());
    addSerializer(new EnumWriter());
  }

  @Override
  public void setupModule(SetupContext context) {
    super.setupModule(context);
    context.addDeserializers(
        new Deserializers.Base() {
          @Override
          public @Nullable JsonDeserializer<?> findBeanDeserializer(
              JavaType type, DeserializationConfig config, BeanDescription description) {
            return type.isTypeOrSubTypeOf(Specified.class) ? new Reader(type) : null;
          }
        });
  }

  private static final class Writer extends StdSerializer<Specified> {
    private static final long serialVersionUID = 1L;

    Writer() {
      super(Specified.class);
    }

    @Override
    public void serialize(Specified thing, JsonGenerator json, SerializerProvider provider)
        throws IOException {
      Record settings = thing.settings();
      if (typeName(thing.getClass()).equals(CONSTANT)) {
        RecordComponent value = settings.getClass().getRecordComponents()[0];
        provider.defaultSerializeValue(SettingsRecord.get(settings, value), json);
        return;
      }
      json.writeStartObject();
      json.writeStringField("type", typeName(thing.getClass()));
      json.writeObjectFieldStart("settings");
      for (RecordComponent component : settings.getClass().getRecordComponents()) {
        provider.defaultSerializeField(
            component.getName(), SettingsRecord.get(settings, component), json);
      }
      json.writeEndObject();
      json.writeEndObject();
    }
  }

  /** Enums are written as Keras writes its names: {@code relu}, {@code same}. */
  @SuppressWarnings("rawtypes")
  private static final class EnumWriter extends StdSerializer<Enum> {
    private static final long serialVersionUID = 1L;

    EnumWriter() {
      super(Enum.class);
    }

    @Override
    public void serialize(Enum value, JsonGenerator json, SerializerProvider provider)
        throws IOException {
      json.writeString(value.name().toLowerCase(Locale.ROOT));
    }
  }

  private static final class Reader extends StdDeserializer<Specified> {
    private static final long serialVersionUID = 1L;
    private final Class<?> kind;

    Reader(JavaType kind) {
      super(kind);
      this.kind = kind.getRawClass();
    }

    @Override
    public Specified deserialize(JsonParser parser, DeserializationContext context)
        throws IOException {
      JsonNode spec = context.readTree(parser);
      if (spec.isNumber()) {
        return constant(spec, context);
      }
      JsonNode type = spec.isTextual() ? spec : spec.path("type");
      if (!type.isTextual()) {
        throw JsonMappingException.from(
            context, "expected {\"type\": …, \"settings\": {…}} or a type's name, got " + spec);
      }
      for (Iterator<String> keys = spec.fieldNames(); keys.hasNext(); ) {
        String key = keys.next();
        if (!key.equals("type") && !key.equals("settings")) {
          throw JsonMappingException.from(
              context,
              "unknown key \"" + key + "\" beside type; settings belong under \"settings\"");
        }
      }
      Class<?> made = find(type.textValue(), context);
      JsonNode settings = spec.path("settings");
      return make(made, settings.isMissingNode() ? NullNode.getInstance() : settings, context);
    }

    private Specified constant(JsonNode number, DeserializationContext context) throws IOException {
      Class<?> constant = find(CONSTANT, context);
      String value = constant.getRecordComponents()[0].getName();
      return make(constant, context.getNodeFactory().objectNode().set(value, number), context);
    }

    private Class<?> find(String type, DeserializationContext context) throws JsonMappingException {
      String name = type.indexOf('.') < 0 ? kind.getPackageName() + "." + type : type;
      ClassLoader loader =
          (ClassLoader) Objects.requireNonNull(context.getAttribute(Specs.CLASS_LOADER));
      Class<?> found;
      try {
        found = Class.forName(name, false, loader);
      } catch (ClassNotFoundException | NoClassDefFoundError e) {
        throw JsonMappingException.from(
            context,
            "there is no "
                + kind.getSimpleName()
                + " "
                + name
                + "; a class of your own is named in full"
                + " (com.example.Mine) and its jar must be on the class path",
            e);
      }
      if (!kind.isAssignableFrom(found) || Modifier.isAbstract(found.getModifiers())) {
        throw JsonMappingException.from(
            context, name + " can't be used here: it is not a concrete " + kind.getSimpleName());
      }
      return found;
    }

    private static Specified make(Class<?> made, JsonNode given, DeserializationContext context)
        throws IOException {
      if (made.isRecord()) {
        return (Specified) SettingsRecord.read(made, given, context);
      }
      for (Constructor<?> constructor : made.getConstructors()) {
        Class<?>[] parameters = constructor.getParameterTypes();
        if (parameters.length == 1 && parameters[0].isRecord()) {
          Object settings = SettingsRecord.read(parameters[0], given, context);
          return (Specified) SettingsRecord.construct(constructor, context, settings);
        }
      }
      if (given.isObject() && !given.isEmpty()) {
        throw JsonMappingException.from(context, made.getName() + " has no settings, got " + given);
      }
      try {
        return (Specified) SettingsRecord.construct(made.getConstructor(), context);
      } catch (NoSuchMethodException e) {
        throw JsonMappingException.from(
            context,
            made.getName()
                + " needs a public constructor without arguments, or one that takes its settings record",
            e);
      }
    }
  }

  /** A class in the package of its family goes by its simple name, any other by its full one. */
  private static String typeName(Class<?> type) {
    return type.getPackageName().equals(familyOf(type).getPackageName())
            && type.getEnclosingClass() == null
        ? type.getSimpleName()
        : type.getName();
  }

  /** The topmost supertype that is still {@link Specified}: {@code Layer}, {@code Loss}, … */
  private static Class<?> familyOf(Class<?> type) {
    Class<?> parent = type.getSuperclass();
    if (parent != null && Specified.class.isAssignableFrom(parent)) {
      return familyOf(parent);
    }
    for (Class<?> parentInterface : type.getInterfaces()) {
      if (parentInterface != Specified.class && Specified.class.isAssignableFrom(parentInterface)) {
        return familyOf(parentInterface);
      }
    }
    return type;
  }
}
