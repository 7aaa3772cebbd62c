package io.tapestream.serving.follow;

import io.tapestream.files.Manifest;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The versions that can be asked for at one moment; it never changes.
 *
 * @param standard the default one; null before the first
 * @param labels numbers by label, each of a loaded version
 * @param loaded the default and the labelled ones by number
 */
record LineUp(
    @Nullable LoadedVersion standard,
    SortedMap<String, Long> labels,
    NavigableMap<Long, LoadedVersion> loaded) {

  static final LineUp EMPTY = new LineUp(null, new TreeMap<>(), new TreeMap<>());

  /**
   * A line-up of a default and labelled versions.
   *
   * @param versions all that its labels name, and more
   * @param spared numbers of further ones to keep if they are among the versions: they are about to
   *     be labelled
   */
  static LineUp of(
      LoadedVersion standard,
      SortedMap<String, Long> labels,
      Map<Long, LoadedVersion> versions,
      Collection<Long> spared) {
    NavigableMap<Long, LoadedVersion> loaded = new TreeMap<>(versions);
    loaded.keySet().removeIf(number -> !labels.containsValue(number) && !spared.contains(number));
    loaded.put(standard.number(), standard);
    return new LineUp(
        standard,
        Collections.unmodifiableSortedMap(labels),
        Collections.unmodifiableNavigableMap(loaded));
  }

  /** Number of the default version; 0 before the first. */
  long number() {
    return standard == null ? 0 : standard.number();
  }

  /** The version that is asked for, or null if it is not loaded. */
  @Nullable LoadedVersion find(Choice choice) {
    if (choice instanceof Choice.Numbered numbered) {
      return loaded.get(numbered.version());
    }
    if (choice instanceof Choice.Labelled labelled) {
      Long number = labels.get(labelled.label());
      return number == null ? null : loaded.get(number);
    }
    return standard;
  }

  /** Why a choice finds nothing, and what it could find. */
  String missing(Choice choice, String model) {
    String asked =
        choice instanceof Choice.Labelled labelled
            ? "no version of model \"" + model + "\" has the label \"" + labelled.label() + "\""
            : "version "
                + ((Choice.Numbered) choice).version()
                + " of model \""
                + model
                + "\" is not loaded";
    String there =
        loaded.size() == 1
            ? "version " + loaded.firstKey() + " is"
            : "versions " + listed(loaded.keySet()) + " are";
    return asked + "; " + (choice instanceof Choice.Labelled ? "labels are " + labels : there);
  }

  private static String listed(Collection<Long> numbers) {
    return numbers.stream().map(String::valueOf).collect(Collectors.joining(", "));
  }

  List<Manifest> manifests() {
    return loaded.values().stream().map(LoadedVersion::manifest).toList();
  }
}
