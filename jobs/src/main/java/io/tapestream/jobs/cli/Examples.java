package io.tapestream.jobs.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.tapestream.jobs.feed.IdxFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What {@code predict} is asked about, in one of several forms, as the instances of a request. */
final class Examples {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Option(
      names = "--json",
      paramLabel = "JSON",
      description =
          "An array of examples, or {\"instances\": [...]}; a file as @FILE, - for input.")
  private @Nullable String json;

  @Option(
      names = "--csv",
      paramLabel = "FILE",
      description =
          "Numbers, one example a line, in the order of the model's features; - for input.")
  private @Nullable Path csv;

  @Option(
      names = "--idx",
      paramLabel = "FILE",
      description = "Images of an IDX file, .gz or not, their bytes brought to 0..1; see --index.")
  private @Nullable Path idx;

  /**
   * The examples as a request's instances.
   *
   * @param indices which images of an IDX file
   */
  List<JsonNode> instances(List<Integer> indices) throws IOException {
    if (json != null) {
      return fromJson(json);
    }
    if (csv != null) {
      return fromCsv(csv);
    }
    if (idx != null) {
      return fromIdx(idx, indices);
    }
    throw new IllegalArgumentException("say what is asked: --json, --csv or --idx");
  }

  private static List<JsonNode> fromIdx(Path file, List<Integer> indices) throws IOException {
    IdxFile images = IdxFile.read(file);
    List<JsonNode> all = new ArrayList<>();
    for (int index : indices) {
      if (index < 0 || index >= images.count()) {
        throw new IOException(
            "--index " + index + ": " + file + " holds images 0 to " + (images.count() - 1));
      }
      List<Integer> shape = new ArrayList<>(images.itemShape());
      if (shape.size() == 2) {
        shape.add(1); // grey images have one channel
      }
      all.add(nested(images, index, shape, 0, images.itemSize()));
    }
    return all;
  }

  private static JsonNode nested(
      IdxFile images, int index, List<Integer> shape, int from, int size) {
    if (shape.isEmpty()) {
      return JSON.getNodeFactory().numberNode(images.value(index, from) * IdxFile.TO_UNIT);
    }
    ArrayNode array = JSON.createArrayNode();
    int step = size / shape.get(0);
    for (int i = 0; i < shape.get(0); i++) {
      array.add(nested(images, index, shape.subList(1, shape.size()), from + i * step, step));
    }
    return array;
  }

  private static List<JsonNode> fromJson(String argument) throws IOException {
    String text = argument;
    if (argument.equals("-")) {
      text = new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
    } else if (argument.startsWith("@")) {
      text = Files.readString(Path.of(argument.substring(1)));
    }
    JsonNode node;
    try {
      node = JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new IOException("--json is no JSON: " + e.getOriginalMessage(), e);
    }
    JsonNode instances = node.has("instances") ? node.get("instances") : node;
    if (!instances.isArray() || instances.isEmpty()) {
      throw new IOException("--json must be an array of examples, or {\"instances\": [...]}");
    }
    List<JsonNode> all = new ArrayList<>();
    instances.forEach(all::add);
    return all;
  }

  private static List<JsonNode> fromCsv(Path file) throws IOException {
    String text =
        file.toString().equals("-")
            ? new String(System.in.readAllBytes(), StandardCharsets.UTF_8)
            : Files.readString(file);
    List<JsonNode> all = new ArrayList<>();
    int number = 0;
    for (String line : text.lines().toList()) {
      number++;
      if (line.isBlank()) {
        continue;
      }
      ArrayNode example = JSON.createArrayNode();
      for (String cell : line.split(",", -1)) {
        try {
          example.add(Double.parseDouble(cell.strip()));
        } catch (NumberFormatException e) {
          throw new IOException(
              file + " line " + number + ": \"" + cell.strip() + "\" is not a number", e);
        }
      }
      all.add(example);
    }
    if (all.isEmpty()) {
      throw new IOException(file + " holds no example");
    }
    return all;
  }
}
