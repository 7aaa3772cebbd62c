package io.tapestream.files;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Which of several safetensors files has which tensor, as Hugging Face lays large models out:
 *
 * <pre>
 * weights.safetensors.index.json
 *   {"metadata": {"total_size": 12884901888},
 *    "weight_map": {"dense/kernel": "weights-00001-of-00003.safetensors", …}}
 * weights-00001-of-00003.safetensors
 * …
 * </pre>
 *
 * <p>A tensor lies whole in one file. Every file holds exactly the tensors that the index says.
 *
 * @param totalSize bytes of all tensors
 * @param files by the tensor's name
 */
public record SafeTensorsIndex(long totalSize, SortedMap<String, String> files) {
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]*\\.safetensors");

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .build();

  /** Refuses a file name that may lead out of the directory. */
  public SafeTensorsIndex {
    if (totalSize < 0) {
      throw new IllegalArgumentException("\"total_size\" is " + totalSize);
    }
    files.forEach(
        (tensor, file) -> {
          if (!PLAIN.matcher(file).matches()) {
            throw new IllegalArgumentException(
                "\"%s\" is said to lie in \"%s\", which is no plain name of a safetensors file"
                    .formatted(tensor, file));
          }
        });
    files = Collections.unmodifiableSortedMap(new TreeMap<>(files));
  }

  /**
   * Divides tensors among files, in their order: a file is full when the next tensor would make its
   * tensors larger than {@code limit}, so one that is larger by itself has a file of its own.
   *
   * @param limit bytes
   * @return what each file holds
   */
  public static List<List<SafeTensors.Named>> divide(List<SafeTensors.Named> tensors, long limit) {
    List<List<SafeTensors.Named>> shares = new ArrayList<>();
    long size = 0;
    for (SafeTensors.Named tensor : tensors) {
      if (shares.isEmpty() || (size > 0 && size + size(tensor) > limit)) {
        shares.add(new ArrayList<>());
        size = 0;
      }
      shares.get(shares.size() - 1).add(tensor);
      size += size(tensor);
    }
    return shares;
  }

  /**
   * The index of what {@link #divide} gave.
   *
   * @param stem of the files' names, before {@code -00001-of-00003.safetensors}
   */
  public static SafeTensorsIndex of(String stem, List<List<SafeTensors.Named>> shares) {
    SortedMap<String, String> files = new TreeMap<>();
    long total = 0;
    for (int i = 0; i < shares.size(); i++) {
      for (SafeTensors.Named tensor : shares.get(i)) {
        files.put(tensor.name(), fileName(stem, i, shares.size()));
        total += size(tensor);
      }
    }
    return new SafeTensorsIndex(total, files);
  }

  /** The name of file {@code i}, counted from 0, of {@code n}. */
  public static String fileName(String stem, int i, int n) {
    return "%s-%05d-of-%05d.safetensors".formatted(stem, i + 1, n);
  }

  /** The files' names, each once, sorted. */
  public List<String> fileNames() {
    return List.copyOf(new TreeSet<>(files.values()));
  }

  /**
   * Reads an index.
   *
   * @throws InvalidVersionException if it isn't one, or names a file that may lie elsewhere
   */
  public static SafeTensorsIndex read(Path file) throws IOException {
    try {
      JsonNode root = JSON.readTree(Files.readAllBytes(file));
      JsonNode total = root.path("metadata").path("total_size");
      JsonNode map = root.path("weight_map");
      if (!total.isIntegralNumber() || !total.canConvertToLong() || !map.isObject()) {
        throw new InvalidVersionException(
            file + " is no index: it lacks \"metadata\" with \"total_size\", or \"weight_map\"");
      }
      SortedMap<String, String> files = new TreeMap<>();
      for (Map.Entry<String, JsonNode> entry : map.properties()) {
        if (!entry.getValue().isTextual()) {
          throw new InvalidVersionException(
              file + " is no index: \"" + entry.getKey() + "\" lies in " + entry.getValue());
        }
        files.put(entry.getKey(), entry.getValue().textValue());
      }
      return new SafeTensorsIndex(total.longValue(), files);
    } catch (JsonProcessingException e) {
      throw new InvalidVersionException(file + " is no index: " + e.getOriginalMessage(), e);
    } catch (IllegalArgumentException e) {
      throw new InvalidVersionException(file + " is no index: " + e.getMessage(), e);
    }
  }

  /**
   * Reads all tensors of the files that it names, which lie in {@code directory}.
   *
   * @throws InvalidVersionException if a file is missing, or holds other tensors than the index
   *     says
   */
  public SafeTensors.Contents contents(Path directory) throws IOException {
    List<SafeTensors.Named> tensors = new ArrayList<>();
    SortedMap<String, String> metadata = new TreeMap<>();
    long size = 0;
    for (String name : fileNames()) {
      Path file = directory.resolve(name);
      if (!Presence.isFile(file)) {
        throw new InvalidVersionException(file + " is named in the index and missing");
      }
      SafeTensors.Contents part = SafeTensors.read(file);
      SortedMap<String, String> found = new TreeMap<>();
      part.tensors().forEach(tensor -> found.put(tensor.name(), name));
      SortedMap<String, String> expected = new TreeMap<>(files);
      expected.values().removeIf(other -> !other.equals(name));
      if (!found.equals(expected)) {
        throw new InvalidVersionException(
            "%s holds the tensors %s, the index says %s"
                .formatted(file, found.keySet(), expected.keySet()));
      }
      for (SafeTensors.Named tensor : part.tensors()) {
        size += size(tensor);
      }
      tensors.addAll(part.tensors());
      metadata.putAll(part.metadata());
    }
    if (size != totalSize) {
      throw new InvalidVersionException(
          "the tensors in %s take %d bytes, the index says %d"
              .formatted(directory, size, totalSize));
    }
    return new SafeTensors.Contents(List.copyOf(tensors), metadata);
  }

  /** The index as JSON; equal ones are equal bytes. */
  public String toJson() {
    ObjectNode root = JSON.createObjectNode();
    root.putObject("metadata").put("total_size", totalSize);
    ObjectNode map = root.putObject("weight_map");
    files.forEach(map::put);
    try {
      return JSON.writeValueAsString(root);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("an index always has a JSON form", e);
    }
  }

  private static long size(SafeTensors.Named tensor) {
    return (long) tensor.shape().size() * Float.BYTES;
  }
}
