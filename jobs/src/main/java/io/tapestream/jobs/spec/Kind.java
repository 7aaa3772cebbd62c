package io.tapestream.jobs.spec;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a key's value may be.
 *
 * @param expected completes "expected …"
 * @param fix what to write, with an example
 * @param placeholder stands in for a value that can't be read, so that the other mistakes are found
 * @param reader from YAML to the value; {@link Refused} says why not
 */
record Kind<T>(String expected, String fix, T placeholder, Reader<T> reader) {
  /** From YAML to a value. */
  interface Reader<T> {
    T read(Yaml yaml) throws Refused;
  }

  /** Why a value can't be taken, and on which line. */
  static final class Refused extends Exception {
    private static final long serialVersionUID = 1;
    private final int line;
    private final @Nullable String fix;

    Refused(int line, String message) {
      this(line, message, null);
    }

    Refused(int line, String message, @Nullable String fix) {
      super(message);
      this.line = line;
      this.fix = fix;
    }

    Problem problem(Key<?> key) {
      return new Problem(
          line, key.path(), String.valueOf(getMessage()), fix == null ? key.kind().fix() : fix);
    }
  }

  private static final Pattern DURATION =
      Pattern.compile("(\\d+(?:\\.\\d+)?) ?(ms|s|min|h)", Pattern.CASE_INSENSITIVE);

  /** A text without surrounding blanks. */
  static Kind<String> text(String example) {
    return new Kind<>("a text", "Write for example " + example, example, Kind::readText);
  }

  /** One of the given names. */
  static Kind<String> choice(String... names) {
    List<String> known = Arrays.asList(names);
    return new Kind<>(
        "one of " + String.join(", ", known),
        "Write " + String.join(" or ", known),
        known.get(0),
        yaml -> {
          String text = readText(yaml);
          if (known.contains(text)) {
            return text;
          }
          throw new Refused(
              yaml.line(), "there is no \"" + text + "\"", Nearest.question(text, known));
        });
  }

  /** True or false. */
  static Kind<Boolean> flag() {
    return new Kind<>(
        "true or false",
        "Write true or false",
        false,
        yaml -> {
          if (!(yaml instanceof Yaml.Scalar scalar) || !scalar.value().isBoolean()) {
            throw new Refused(yaml.line(), "this is " + yaml.kind());
          }
          return scalar.value().booleanValue();
        });
  }

  /** A whole number within bounds, both inclusive. */
  static Kind<Integer> integer(int least, int greatest) {
    Kind<Long> wide = wholeNumber(least, greatest);
    return new Kind<>(
        wide.expected, wide.fix, Math.max(least, 1), yaml -> (int) (long) wide.reader.read(yaml));
  }

  /** A whole number within bounds, both inclusive. */
  static Kind<Long> wholeNumber(long least, long greatest) {
    String range =
        greatest == Integer.MAX_VALUE || greatest == Long.MAX_VALUE
            ? "of at least " + least
            : "from " + least + " to " + greatest;
    return new Kind<>(
        "a whole number " + range,
        "Write a whole number " + range,
        Math.max(least, 1),
        yaml -> readLong(yaml, least, greatest, range));
  }

  /** A number above 0. */
  static Kind<Double> positive(double example) {
    return new Kind<>(
        "a number above 0",
        "Write for example " + example,
        example,
        yaml -> {
          if (!(yaml instanceof Yaml.Scalar scalar) || !scalar.value().isNumber()) {
            throw new Refused(yaml.line(), "this is " + yaml.kind());
          }
          double value = scalar.value().doubleValue();
          if (!(value > 0 && Double.isFinite(value))) {
            throw new Refused(yaml.line(), scalar.text() + " is not above 0");
          }
          return value;
        });
  }

  /** Any whole number of 64 bits. */
  static Kind<Long> seed() {
    return new Kind<>(
        "a whole number",
        "Write for example 42",
        1L,
        yaml -> readLong(yaml, Long.MIN_VALUE, Long.MAX_VALUE, "of 64 bits"));
  }

  /** A span of time with its unit. */
  static Kind<Duration> duration(Duration least) {
    String fix = "Write a number and a unit, ms, s, min or h, for example 10 s";
    return new Kind<>(
        "a span of time", fix, least, yaml -> readDuration(yaml.line(), readText(yaml), least));
  }

  /**
   * A span of time, or a word that stands for none.
   *
   * @param before what the span is written behind, such as {@code "skip after "}; may be empty
   */
  static Kind<Optional<Duration>> durationOr(String none, String before, Duration least) {
    return new Kind<>(
        none + " or a span of time",
        "Write " + none + ", or for example " + before + "10 s",
        Optional.empty(),
        yaml -> {
          String text = readText(yaml);
          if (text.equals(none)) {
            return Optional.empty();
          }
          if (!text.startsWith(before)) {
            throw new Refused(yaml.line(), "there is no \"" + text + "\"");
          }
          String span = text.substring(before.length()).strip();
          return Optional.of(readDuration(yaml.line(), span, least));
        });
  }

  /** Texts in a list; a single text stands for a list of one. */
  static Kind<List<String>> texts(String example) {
    return new Kind<>(
        "a list of names",
        "Write for example [" + example + "]",
        List.of(example),
        yaml -> {
          List<String> texts = new ArrayList<>();
          for (Yaml item : items(yaml)) {
            String text = readText(item);
            if (texts.contains(text)) {
              throw new Refused(item.line(), "\"" + text + "\" stands in the list twice");
            }
            texts.add(text);
          }
          return List.copyOf(texts);
        });
  }

  /** The shape of one example. */
  static Kind<List<Integer>> shape() {
    Kind<Integer> dimension = integer(1, Integer.MAX_VALUE);
    return new Kind<>(
        "a list of dimensions",
        "Write the shape of one example, for example [28, 28, 1]",
        List.of(1),
        yaml -> {
          List<Integer> dimensions = new ArrayList<>();
          for (Yaml item : items(yaml)) {
            dimensions.add(dimension.reader.read(item));
          }
          if (dimensions.isEmpty()) {
            throw new Refused(yaml.line(), "the list is empty");
          }
          return List.copyOf(dimensions);
        });
  }

  /** Names and texts, as they are. */
  static Kind<Map<String, String>> properties() {
    return new Kind<>(
        "a section of names and values",
        "Write for example {security.protocol: SSL}",
        Map.of(),
        yaml -> {
          if (!(yaml instanceof Yaml.Mapping mapping)) {
            throw new Refused(yaml.line(), "this is " + yaml.kind());
          }
          Map<String, String> properties = new LinkedHashMap<>();
          for (Map.Entry<String, Yaml> entry : mapping.entries().entrySet()) {
            if (!(entry.getValue() instanceof Yaml.Scalar scalar) || scalar.value().isNull()) {
              throw new Refused(entry.getValue().line(), entry.getKey() + " is not a plain value");
            }
            properties.put(entry.getKey(), scalar.text());
          }
          return Map.copyOf(properties);
        });
  }

  /**
   * A thing by its type and its settings: {@code Adam} or {@code {type: Adam, learningRate: 0.01}}.
   * The value is its specification, {@code {type, settings}}.
   */
  static Kind<JsonNode> component(String example) {
    return new Kind<>(
        "a type with its settings",
        "Write for example " + example + " or {type: " + example + ", …}",
        JsonNodeFactory.instance.objectNode(),
        Kind::readComponent);
  }

  /** Settings by their names; each may hold components again. */
  static Kind<JsonNode> settings() {
    return new Kind<>(
        "a section of settings",
        "Write for example {units: 10}",
        JsonNodeFactory.instance.objectNode(),
        yaml -> {
          if (!(yaml instanceof Yaml.Mapping mapping)) {
            throw new Refused(yaml.line(), "this is " + yaml.kind());
          }
          ObjectNode settings = JsonNodeFactory.instance.objectNode();
          for (Map.Entry<String, Yaml> entry : mapping.entries().entrySet()) {
            settings.set(entry.getKey(), readSetting(entry.getValue()));
          }
          return settings;
        });
  }

  /** Components in a list; a single one stands for a list of one. */
  static Kind<List<JsonNode>> components(String example) {
    return new Kind<>(
        "a list of types with their settings",
        "Write for example [" + example + "] or [{type: " + example + ", …}]",
        List.of(),
        yaml -> {
          List<JsonNode> components = new ArrayList<>();
          for (Yaml item : items(yaml)) {
            components.add(readComponent(item));
          }
          return List.copyOf(components);
        });
  }

  /** A span of time as it is written in a file. */
  static String format(Duration duration) {
    long ms = duration.toMillis();
    return ms % 1_000 == 0 ? ms / 1_000 + " s" : ms + " ms";
  }

  static String readText(Yaml yaml) throws Refused {
    if (yaml instanceof Yaml.Scalar scalar && !scalar.value().isNull()) {
      String text = scalar.text().strip();
      if (!text.isEmpty()) {
        return text;
      }
      throw new Refused(yaml.line(), "the text is empty");
    }
    throw new Refused(yaml.line(), "this is " + yaml.kind());
  }

  private static Duration readDuration(int line, String text, Duration least) throws Refused {
    Matcher matcher = DURATION.matcher(text);
    if (!matcher.matches()) {
      throw new Refused(line, "\"" + text + "\" is not a span of time");
    }
    double unit =
        switch (matcher.group(2).toLowerCase(Locale.ROOT)) {
          case "ms" -> 1;
          case "s" -> 1_000;
          case "min" -> 60_000;
          default -> 3_600_000;
        };
    Duration value = Duration.ofMillis(Math.round(Double.parseDouble(matcher.group(1)) * unit));
    if (value.compareTo(least) < 0) {
      throw new Refused(line, text + " is shorter than the least, " + format(least));
    }
    return value;
  }

  private static long readLong(Yaml yaml, long least, long greatest, String range) throws Refused {
    if (!(yaml instanceof Yaml.Scalar scalar) || !scalar.value().isIntegralNumber()) {
      throw new Refused(yaml.line(), "this is " + yaml.kind());
    }
    BigInteger value = scalar.value().bigIntegerValue();
    if (value.compareTo(BigInteger.valueOf(least)) < 0
        || value.compareTo(BigInteger.valueOf(greatest)) > 0) {
      throw new Refused(yaml.line(), value + " is not " + range);
    }
    return value.longValueExact();
  }

  private static List<Yaml> items(Yaml yaml) throws Refused {
    if (yaml instanceof Yaml.Sequence sequence) {
      return sequence.items();
    }
    if (yaml instanceof Yaml.Scalar scalar && !scalar.value().isNull()) {
      return List.of(yaml);
    }
    throw new Refused(yaml.line(), "this is " + yaml.kind());
  }

  private static JsonNode readComponent(Yaml yaml) throws Refused {
    ObjectNode component = JsonNodeFactory.instance.objectNode();
    ObjectNode settings = JsonNodeFactory.instance.objectNode();
    if (yaml instanceof Yaml.Mapping mapping) {
      Yaml type = mapping.entries().get("type");
      if (type == null) {
        throw new Refused(yaml.line(), "the type is missing");
      }
      component.put("type", readText(type));
      for (Map.Entry<String, Yaml> entry : mapping.entries().entrySet()) {
        if (!entry.getKey().equals("type")) {
          settings.set(entry.getKey(), readSetting(entry.getValue()));
        }
      }
    } else {
      component.put("type", readText(yaml));
    }
    component.set("settings", settings);
    return component;
  }

  /** A setting may hold components again: a wrapped layer, an initializer, a graph's layers. */
  private static JsonNode readSetting(Yaml yaml) throws Refused {
    if (yaml instanceof Yaml.Mapping mapping) {
      if (mapping.entries().containsKey("type")) {
        return readComponent(yaml);
      }
      ObjectNode object = JsonNodeFactory.instance.objectNode();
      for (Map.Entry<String, Yaml> entry : mapping.entries().entrySet()) {
        object.set(entry.getKey(), readSetting(entry.getValue()));
      }
      return object;
    }
    if (yaml instanceof Yaml.Sequence sequence) {
      ArrayNode array = JsonNodeFactory.instance.arrayNode();
      for (Yaml item : sequence.items()) {
        array.add(readSetting(item));
      }
      return array;
    }
    return yaml.toJson();
  }
}
