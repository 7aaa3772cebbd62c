package io.tapestream.files;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tapestream.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What changed from one version to another.
 *
 * @param from the first version, as model and number
 * @param to the second version
 * @param rounds trained in between
 * @param records learned from in between
 * @param changed parts of the manifest and the architecture that are not equal, by name, with both
 *     values; null where one version says nothing
 * @param learned by topic and partition, the offsets learned in between
 * @param metrics all metrics that one of them has, by name; null where one hasn't
 * @param tensors every tensor of either, in the order of the second's, those that are gone at the
 *     end
 */
public record VersionDiff(
    Lineage.Start from,
    Lineage.Start to,
    long rounds,
    long records,
    Map<String, Pair<JsonNode>> changed,
    Map<String, Map<Integer, Learned>> learned,
    Map<String, Pair<Double>> metrics,
    List<TensorChange> tensors) {

  private static final ObjectMapper JSON = new ObjectMapper();

  /** A value in the first and in the second version; null where it has none. */
  public record Pair<T>(@Nullable T from, @Nullable T to) {}

  /**
   * Offsets of a partition.
   *
   * @param from the first that the first version has not learned from; 0 if it knows nothing of the
   *     partition
   * @param to the first that the second has not learned from
   */
  public record Learned(long from, long to) {}

  /** What became of a tensor. */
  public enum Fate {
    /** Only the second version has it. */
    ADDED,
    /** Only the first version has it. */
    REMOVED,
    /** Its shape is another. */
    RESHAPED,
    /** Some of its values are others. */
    CHANGED,
    /** Every value is the same. */
    EQUAL
  }

  /**
   * What became of a tensor.
   *
   * @param from its shape in the first version; null if it isn't there
   * @param to its shape in the second version; null if it isn't there
   * @param largest max |b − a|, where the shapes are equal, else null
   * @param relative ‖b − a‖₂ / ‖a‖₂; null if the shapes differ or a is all zeros
   */
  public record TensorChange(
      String name,
      Fate fate,
      @Nullable List<Integer> from,
      @Nullable List<Integer> to,
      @Nullable Double largest,
      @Nullable Double relative) {}

  /**
   * Compares two versions, whose files have been verified.
   *
   * @throws IOException if a file can't be read
   */
  public static VersionDiff of(Path first, Path second) throws IOException {
    Manifest a = Manifest.read(first);
    Manifest b = Manifest.read(second);
    Map<String, Pair<JsonNode>> changed = new LinkedHashMap<>();
    compare(changed, "architecture", architecture(first), architecture(second));
    compare(changed, "signature", JSON.valueToTree(a.signature()), JSON.valueToTree(b.signature()));
    compare(changed, "loss", a.loss(), b.loss());
    compare(
        changed,
        "specification",
        JSON.valueToTree(a.provenance().specification()),
        JSON.valueToTree(b.provenance().specification()));
    compare(
        changed,
        "software",
        JSON.valueToTree(a.provenance().software()),
        JSON.valueToTree(b.provenance().software()));
    compare(changed, "processor", JSON.valueToTree(a.processor()), JSON.valueToTree(b.processor()));
    compare(changed, "run", JSON.valueToTree(a.run()), JSON.valueToTree(b.run()));
    return new VersionDiff(
        a.reference(),
        b.reference(),
        b.round() - a.round(),
        b.records() - a.records(),
        changed,
        learned(a, b),
        metrics(a, b),
        tensors(VersionWeights.read(first, a), VersionWeights.read(second, b)));
  }

  private static JsonNode architecture(Path version) throws IOException {
    Path file = version.resolve(Manifest.MODEL);
    return Presence.isFile(file) ? JSON.readTree(Files.readAllBytes(file)) : JSON.nullNode();
  }

  private static void compare(
      Map<String, Pair<JsonNode>> changed, String what, JsonNode a, JsonNode b) {
    if (!a.equals(b)) {
      changed.put(what, new Pair<>(a.isNull() ? null : a, b.isNull() ? null : b));
    }
  }

  private static SortedMap<String, Map<Integer, Learned>> learned(Manifest a, Manifest b) {
    SortedMap<String, Map<Integer, Learned>> learned = new TreeMap<>();
    b.topics()
        .forEach(
            (topic, offsets) -> {
              SortedMap<Integer, Learned> partitions = new TreeMap<>();
              Map<Integer, Long> before = a.topics().getOrDefault(topic, Map.of());
              offsets.forEach(
                  (partition, to) ->
                      partitions.put(
                          partition, new Learned(before.getOrDefault(partition, 0L), to)));
              learned.put(topic, partitions);
            });
    return learned;
  }

  private static SortedMap<String, Pair<Double>> metrics(Manifest a, Manifest b) {
    SortedSet<String> names = new TreeSet<>(a.metrics().keySet());
    names.addAll(b.metrics().keySet());
    SortedMap<String, Pair<Double>> metrics = new TreeMap<>();
    names.forEach(
        name -> metrics.put(name, new Pair<>(a.metrics().get(name), b.metrics().get(name))));
    return metrics;
  }

  private static List<TensorChange> tensors(SafeTensors.Contents a, SafeTensors.Contents b) {
    Map<String, SafeTensors.Named> before = new LinkedHashMap<>();
    a.tensors().forEach(tensor -> before.put(tensor.name(), tensor));
    List<TensorChange> changes = new ArrayList<>();
    for (SafeTensors.Named tensor : b.tensors()) {
      changes.add(change(before.remove(tensor.name()), tensor));
    }
    before.values().forEach(gone -> changes.add(change(gone, null)));
    return changes;
  }

  private static TensorChange change(SafeTensors.@Nullable Named a, SafeTensors.@Nullable Named b) {
    if (a != null && b != null && a.shape().equals(b.shape())) {
      return change(a.name(), dims(a.shape()), a.toFloats(), b.toFloats());
    }
    Fate fate = a == null ? Fate.ADDED : b == null ? Fate.REMOVED : Fate.RESHAPED;
    return new TensorChange(
        Objects.requireNonNull(a == null ? b : a).name(),
        fate,
        a == null ? null : dims(a.shape()),
        b == null ? null : dims(b.shape()),
        null,
        null);
  }

  private static TensorChange change(String name, List<Integer> shape, float[] a, float[] b) {
    double largest = 0;
    double squares = 0;
    double squaresBefore = 0;
    boolean equal = true;
    for (int i = 0; i < a.length; i++) {
      double difference = (double) b[i] - a[i];
      equal &= Float.floatToIntBits(a[i]) == Float.floatToIntBits(b[i]);
      largest = Math.max(largest, Math.abs(difference));
      squares += difference * difference;
      squaresBefore += (double) a[i] * a[i];
    }
    Double relative = squaresBefore > 0 ? Math.sqrt(squares / squaresBefore) : null;
    return new TensorChange(
        name, equal ? Fate.EQUAL : Fate.CHANGED, shape, shape, largest, relative);
  }

  private static List<Integer> dims(Shape shape) {
    return Arrays.stream(shape.dims()).boxed().toList();
  }
}
