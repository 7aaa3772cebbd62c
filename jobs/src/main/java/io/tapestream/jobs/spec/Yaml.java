package io.tapestream.jobs.spec;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A YAML file as a tree that remembers the line of every value: mappings, sequences and scalars.
 * Anchors and tags are not read; a key that stands twice in one mapping is a mistake.
 */
sealed interface Yaml {
  /** Line of the file on which the value starts, from 1; of a mapping's entry, its key's line. */
  int line();

  /** The same without lines. */
  JsonNode toJson();

  /** What a user calls it. */
  String kind();

  /** Keys and values in the order of the file. */
  record Mapping(int line, Map<String, Yaml> entries) implements Yaml {
    @Override
    public JsonNode toJson() {
      ObjectNode object = JsonNodeFactory.instance.objectNode();
      entries.forEach((key, value) -> object.set(key, value.toJson()));
      return object;
    }

    @Override
    public String kind() {
      return "a section";
    }
  }

  /** Values in the order of the file. */
  record Sequence(int line, List<Yaml> items) implements Yaml {
    @Override
    public JsonNode toJson() {
      ArrayNode array = JsonNodeFactory.instance.arrayNode();
      items.forEach(item -> array.add(item.toJson()));
      return array;
    }

    @Override
    public String kind() {
      return "a list";
    }
  }

  /** A number, a truth value, a text, or nothing at all; {@code text} as it stands in the file. */
  record Scalar(int line, JsonNode value, String text) implements Yaml {
    @Override
    public JsonNode toJson() {
      return value;
    }

    @Override
    public String kind() {
      return value.isNull() ? "nothing" : "\"" + text + "\"";
    }
  }

  /**
   * Reads a whole file.
   *
   * @param problems where mistakes go
   * @return the file's mapping; an empty one when it can't be read
   */
  static Mapping parse(String text, List<Problem> problems) {
    Mapping nothing = new Mapping(1, Map.of());
    try (YAMLParser parser = new YAMLFactory().createParser(text)) {
      if (parser.nextToken() == null) {
        problems.add(new Problem(1, "", "the file is empty", "Start with \"name:\""));
        return nothing;
      }
      Yaml root = new Reader(parser, problems).read("", line(parser.currentTokenLocation()));
      if (root instanceof Mapping mapping) {
        if (parser.nextToken() != null) {
          problems.add(
              new Problem(
                  line(parser.currentTokenLocation()),
                  "",
                  "a second document starts here",
                  "Keep one job in a file"));
        }
        return mapping;
      }
      problems.add(
          new Problem(
              root.line(), "", "the file holds " + root.kind(), "Write \"key: value\" lines"));
      return nothing;
    } catch (JsonProcessingException e) {
      problems.add(
          new Problem(
              line(e.getLocation()),
              "",
              "this is not YAML: " + firstLine(e.getOriginalMessage()),
              "Check the indentation, the colons and the quotes here"));
      return nothing;
    } catch (IOException e) {
      throw new IllegalStateException("text in memory can't be read", e);
    }
  }

  private static int line(@Nullable JsonLocation location) {
    return location == null ? 1 : Math.max(1, location.getLineNr());
  }

  private static String firstLine(@Nullable String message) {
    return message == null ? "" : message.lines().findFirst().orElse("");
  }

  /** From the parser's tokens to the tree. */
  final class Reader {
    private static final Pattern EXPONENT =
        Pattern.compile("[-+]?(\\d+\\.?\\d*|\\.\\d+)[eE][-+]?\\d+");

    private final YAMLParser parser;
    private final List<Problem> problems;

    private Reader(YAMLParser parser, List<Problem> problems) {
      this.parser = parser;
      this.problems = problems;
    }

    private Yaml read(String path, int line) throws IOException {
      JsonToken token = parser.currentToken();
      if (token == JsonToken.START_OBJECT) {
        return mapping(path, line);
      }
      if (token == JsonToken.START_ARRAY) {
        List<Yaml> items = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          String item = path + "[" + items.size() + "]";
          items.add(read(item, line(parser.currentTokenLocation())));
        }
        return new Sequence(line, items);
      }
      if (parser.isCurrentAlias()) {
        problems.add(new Problem(line, path, "YAML aliases are not read", "Write the value out"));
      }
      JsonNodeFactory nodes = JsonNodeFactory.instance;
      JsonNode value =
          switch (token) {
            case VALUE_NUMBER_INT ->
                switch (parser.getNumberType()) {
                  case INT -> nodes.numberNode(parser.getIntValue());
                  case LONG -> nodes.numberNode(parser.getLongValue());
                  default -> nodes.numberNode(parser.getBigIntegerValue());
                };
            case VALUE_NUMBER_FLOAT -> nodes.numberNode(parser.getDoubleValue());
            case VALUE_TRUE -> nodes.booleanNode(true);
            case VALUE_FALSE -> nodes.booleanNode(false);
            case VALUE_NULL -> nodes.nullNode();
            default -> text(parser.getText());
          };
      return new Scalar(line, value, parser.getText());
    }

    /** A number with an exponent is one without a point or the exponent's sign, too. */
    private static JsonNode text(String text) {
      return EXPONENT.matcher(text).matches()
          ? JsonNodeFactory.instance.numberNode(Double.parseDouble(text))
          : JsonNodeFactory.instance.textNode(text);
    }

    private Mapping mapping(String path, int line) throws IOException {
      Map<String, Yaml> entries = new LinkedHashMap<>();
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String key = parser.currentName();
        int keyLine = line(parser.currentTokenLocation());
        String keyPath = path.isEmpty() ? key : path + "." + key;
        parser.nextToken();
        Yaml value = read(keyPath, keyLine);
        Yaml first = entries.putIfAbsent(key, value);
        if (first != null) {
          problems.add(
              new Problem(
                  keyLine,
                  keyPath,
                  "stands here a second time, after line " + first.line(),
                  "Keep one of the two"));
        }
      }
      return new Mapping(line, entries);
    }
  }
}
