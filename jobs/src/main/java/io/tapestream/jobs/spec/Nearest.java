package io.tapestream.jobs.spec;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Finds what a misspelt name was meant to be. */
final class Nearest {
  private Nearest() {}

  /** The known name nearest to {@code name}, if it differs in a third of its letters at most. */
  static Optional<String> to(String name, Collection<String> known) {
    return known.stream()
        .filter(other -> distance(fold(name), fold(other)) <= Math.max(1, other.length() / 3))
        .min(Comparator.comparingInt(other -> distance(fold(name), fold(other))));
  }

  /** "Did you mean …?", or null where nothing is near. */
  static @Nullable String question(String name, Collection<String> known) {
    return to(name, known).map(nearest -> "Did you mean \"" + nearest + "\"?").orElse(null);
  }

  private static String fold(String name) {
    return name.toLowerCase(Locale.ROOT).replaceAll("[-_ ]", "");
  }

  /** Levenshtein's: insertions, deletions and replacements from one to the other. */
  private static int distance(String from, String to) {
    int[] previous = new int[to.length() + 1];
    for (int j = 0; j <= to.length(); j++) {
      previous[j] = j;
    }
    for (int i = 1; i <= from.length(); i++) {
      int[] current = new int[to.length() + 1];
      current[0] = i;
      for (int j = 1; j <= to.length(); j++) {
        int replaced = previous[j - 1] + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
        current[j] = Math.min(replaced, Math.min(previous[j], current[j - 1]) + 1);
      }
      previous = current;
    }
    return previous[to.length()];
  }
}
