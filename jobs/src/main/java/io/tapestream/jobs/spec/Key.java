package io.tapestream.jobs.spec;

import org.jspecify.annotations.Nullable;

/**
 * One key of a job specification.
 *
 * @param path its sections and its name, such as {@code source.topic}
 * @param kind what its value may be
 * @param fallback the value when the key is left out; null where it must be given, or is absent
 * @param required whether leaving it out is a mistake
 * @param shown the default as the documentation shows it
 * @param meaning one sentence without its full stop
 */
record Key<T>(
    String path,
    Kind<T> kind,
    @Nullable T fallback,
    boolean required,
    String shown,
    String meaning) {

  static <T> Key<T> required(String path, Kind<T> kind, String meaning) {
    return new Key<>(path, kind, null, true, "required", meaning);
  }

  /** A key that may be left out and then means nothing. */
  static <T> Key<T> absent(String path, Kind<T> kind, String shown, String meaning) {
    return new Key<>(path, kind, null, false, shown, meaning);
  }

  static <T> Key<T> withDefault(
      String path, Kind<T> kind, T fallback, String shown, String meaning) {
    return new Key<>(path, kind, fallback, false, shown, meaning);
  }

  /** The section it stands in; empty at the top. */
  String section() {
    int dot = path.lastIndexOf('.');
    return dot < 0 ? "" : path.substring(0, dot);
  }

  /** The last part of the path. */
  String name() {
    return path.substring(path.lastIndexOf('.') + 1);
  }
}
