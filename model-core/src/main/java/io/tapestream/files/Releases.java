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
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * {@code DIR/NAME/releases.json}: what people have decided about a model's versions. The versions
 * themselves never change; this file is replaced whole, and where it is missing nothing has been
 * decided.
 *
 * <pre>
 * {"format": 1, "hold": 7, "labels": {"canary": 9, "stable": 7}, "pinned": [3]}
 * </pre>
 *
 * @param hold after a rollback, the one version that is the default, whatever newer ones come; null
 *     makes the newest complete one the default
 * @param labels versions by the names under which clients may ask for them, as TensorFlow Serving's
 *     version labels
 * @param pinned versions that retention never deletes
 */
public record Releases(@Nullable Long hold, Map<String, Long> labels, Set<Long> pinned) {

  /** The layout this code writes and reads. */
  public static final int FORMAT = 1;

  /** Name of the file in a model's directory. */
  public static final String FILE = "releases.json";

  /** Nothing has been decided: the newest version is the default, and any may be deleted. */
  public static final Releases NONE = new Releases(null, Map.of(), Set.of());

  private static final Pattern LABEL = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}");
  private static final Set<String> KEYS = Set.of("format", "hold", "labels", "pinned");

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .build();

  /** Checks numbers and names, and keeps immutable copies, sorted. */
  public Releases {
    if (hold != null) {
      number(hold, "hold");
    }
    SortedMap<String, Long> sortedLabels = new TreeMap<>();
    labels.forEach(
        (label, version) ->
            sortedLabels.put(label(label), number(version, "the label \"" + label + "\"")));
    labels = Collections.unmodifiableSortedMap(sortedLabels);
    SortedSet<Long> sortedPins = new TreeSet<>();
    pinned.forEach(version -> sortedPins.add(number(version, "pinned")));
    pinned = Collections.unmodifiableSortedSet(sortedPins);
  }

  // What follows from them

  /**
   * The version that answers who names none: the held one, or else the newest.
   *
   * @param complete numbers of the complete versions, in any order
   * @return empty if there is none, or the held one is not among them
   */
  public OptionalLong defaultOf(Collection<Long> complete) {
    if (hold != null) {
      return complete.contains(hold) ? OptionalLong.of(hold) : OptionalLong.empty();
    }
    return complete.stream().mapToLong(Long::longValue).max();
  }

  /** The version of this label, or empty if there is no such label. */
  public OptionalLong labelled(String label) {
    Long version = labels.get(label);
    return version == null ? OptionalLong.empty() : OptionalLong.of(version);
  }

  /** The labels of a version, sorted. */
  public List<String> labelsOf(long version) {
    return labels.entrySet().stream()
        .filter(label -> label.getValue() == version)
        .map(Map.Entry::getKey)
        .toList();
  }

  /** Whether retention must leave the version alone: it is pinned, labelled or held. */
  public boolean keeps(long version) {
    return pinned.contains(version)
        || labels.containsValue(version)
        || (hold != null && hold == version);
  }

  // Decisions

  /**
   * The same with a label on a version, taken from the version that had it.
   *
   * @throws IllegalArgumentException if the label can't be a part of a URL
   */
  public Releases withLabel(String label, long version) {
    SortedMap<String, Long> changed = new TreeMap<>(labels);
    changed.put(label, version);
    return new Releases(hold, changed, pinned);
  }

  /**
   * The same without a label.
   *
   * @throws IllegalArgumentException if there is no such label
   */
  public Releases withoutLabel(String label) {
    SortedMap<String, Long> changed = new TreeMap<>(labels);
    if (changed.remove(label) == null) {
      throw new IllegalArgumentException(
          "no version has the label \"" + label + "\"; there are " + labels.keySet());
    }
    return new Releases(hold, changed, pinned);
  }

  /** The same with a version pinned. */
  public Releases withPin(long version) {
    SortedSet<Long> changed = new TreeSet<>(pinned);
    changed.add(version);
    return new Releases(hold, labels, changed);
  }

  /**
   * The same with a version no longer pinned.
   *
   * @throws IllegalArgumentException if it isn't
   */
  public Releases withoutPin(long version) {
    SortedSet<Long> changed = new TreeSet<>(pinned);
    if (!changed.remove(version)) {
      throw new IllegalArgumentException(
          "version " + version + " is not pinned; pinned are " + pinned);
    }
    return new Releases(hold, labels, changed);
  }

  /** The same with a version held as the default. */
  public Releases withHold(long version) {
    return new Releases(version, labels, pinned);
  }

  /** The same with no version held. */
  public Releases withoutHold() {
    return new Releases(null, labels, pinned);
  }

  // The file

  /**
   * What has been decided about a model's versions.
   *
   * @throws InvalidVersionException if there is a file that isn't JSON of this format
   */
  public static Releases read(VersionDirectory versions) throws IOException {
    Path file = versions.root().resolve(FILE);
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      return NONE;
    }
    return read(bytes, file.toString());
  }

  /**
   * Reads decisions from JSON.
   *
   * @param where where the bytes are from, for the error
   * @throws InvalidVersionException if they aren't JSON of this format
   */
  public static Releases read(byte[] json, String where) throws InvalidVersionException {
    try {
      return of(JSON.readTree(json));
    } catch (JsonProcessingException e) {
      throw new InvalidVersionException(where + " is no JSON: " + e.getMessage(), e);
    } catch (IOException | IllegalArgumentException e) {
      throw new InvalidVersionException(where + " can't be used: " + e.getMessage(), e);
    }
  }

  /**
   * Replaces the file in one move, under the lock of the model's decisions: what another process
   * decides at the same moment comes before or after, and neither is lost.
   *
   * @param decision from what was decided before to what is decided now; it may throw, and nothing
   *     changes then
   * @return what is decided now
   */
  public static Releases update(VersionDirectory versions, UnaryOperator<Releases> decision)
      throws IOException {
    try (ReleaseLock lock = ReleaseLock.acquire(versions)) {
      Releases before = read(versions);
      Releases after = decision.apply(before);
      if (!after.equals(before)) {
        after.write(lock);
      }
      return after;
    }
  }

  /**
   * The same for a decision that names a version, which stays there meanwhile.
   *
   * @throws InvalidVersionException if there is no complete version of this number
   */
  public static Releases update(
      VersionDirectory versions, long version, UnaryOperator<Releases> decision)
      throws IOException {
    try (ReleaseLock lock = ReleaseLock.acquire(versions)) {
      List<Long> complete = versions.complete();
      if (!complete.contains(version)) {
        throw new InvalidVersionException(
            versions + " has no complete version " + version + "; there are " + complete);
      }
      Releases after = decision.apply(read(versions));
      after.write(lock);
      return after;
    }
  }

  /** Replaces the file of the locked model in one move. */
  public void write(ReleaseLock lock) throws IOException {
    DurableFiles.replace(lock.versions().root().resolve(FILE), toJson());
  }

  /** The decisions as JSON; equal ones are equal bytes. */
  public String toJson() {
    ObjectNode root = JSON.createObjectNode().put("format", FORMAT);
    if (hold != null) {
      root.put("hold", hold);
    }
    ObjectNode named = root.putObject("labels");
    labels.forEach(named::put);
    pinned.forEach(root.putArray("pinned")::add);
    try {
      return JSON.writeValueAsString(root);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("decisions always have a JSON form", e);
    }
  }

  private static Releases of(JsonNode root) {
    if (!root.isObject()) {
      throw new IllegalArgumentException("it holds no JSON object");
    }
    for (Map.Entry<String, JsonNode> field : root.properties()) {
      if (!KEYS.contains(field.getKey())) {
        throw new IllegalArgumentException(
            "there is no \"" + field.getKey() + "\" in it; it may say " + new TreeSet<>(KEYS));
      }
    }
    JsonNode format = root.path("format");
    if (!format.isInt() || format.intValue() != FORMAT) {
      throw new IllegalArgumentException(
          "\"format\" is " + shown(format) + ", this release reads " + FORMAT);
    }
    JsonNode hold = root.path("hold");
    JsonNode labels = root.path("labels");
    if (!labels.isMissingNode() && !labels.isObject()) {
      throw new IllegalArgumentException(
          "\"labels\" is " + labels + ", expected versions by their labels");
    }
    SortedMap<String, Long> named = new TreeMap<>();
    for (Map.Entry<String, JsonNode> field : labels.properties()) {
      named.put(field.getKey(), integer(field.getValue(), "the label \"" + field.getKey() + "\""));
    }
    JsonNode pinned = root.path("pinned");
    if (!pinned.isMissingNode() && !pinned.isArray()) {
      throw new IllegalArgumentException(
          "\"pinned\" is " + pinned + ", expected a list of versions");
    }
    SortedSet<Long> pins = new TreeSet<>();
    pinned.forEach(version -> pins.add(integer(version, "pinned")));
    boolean held = !hold.isMissingNode() && !hold.isNull();
    return new Releases(held ? integer(hold, "hold") : null, named, pins);
  }

  private static String shown(JsonNode node) {
    return node.isMissingNode() ? "missing" : node.toString();
  }

  private static long integer(JsonNode node, String what) {
    if (!node.isIntegralNumber() || !node.canConvertToLong()) {
      throw new IllegalArgumentException(what + " says " + node + ", expected a version's number");
    }
    return number(node.longValue(), what);
  }

  private static long number(@Nullable Long version, String what) {
    if (version == null || version < 1) {
      throw new IllegalArgumentException(
          what + " says version " + version + ", versions start at 1");
    }
    return version;
  }

  private static String label(String label) {
    if (!LABEL.matcher(label).matches()) {
      throw new IllegalArgumentException(
          "the label \""
              + label
              + "\" must be made of letters, digits, '_', '-' and '.', not start with '-' or '.',"
              + " and have at most 128 of them");
    }
    return label;
  }
}
