package io.tapestream.operators.storage;

import java.net.URI;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where versions are kept: a local path, or the URI of a directory in one of Flink's systems. */
public final class Storage {
  /** Scheme, authority and names; a letter that is alone names a drive. */
  private static final Pattern URI_TEXT =
      Pattern.compile("([A-Za-z][A-Za-z0-9+.-]+)://([^/]*)(.*)");

  private Storage() {}

  /**
   * The path that a setting or an argument names.
   *
   * @param location such as {@code models}, {@code file:///data/models} or {@code
   *     s3://bucket/models}; in the names behind another scheme than {@code file} nothing is
   *     encoded
   * @throws IllegalArgumentException if it is neither a path nor a URI. Whether Flink has a file
   *     system of that scheme is found at the first use.
   */
  public static Path path(String location) {
    if (location.startsWith("file:/")) {
      return Path.of(URI.create(location.replace(" ", "%20")));
    }
    Matcher uri = URI_TEXT.matcher(location);
    return uri.matches()
        ? FlinkFileSystem.of(uri.group(1), uri.group(2)).getPath(uri.group(3))
        : Path.of(location);
  }

  /** The same, absolute and without detours, as text that {@link #path} reads. */
  public static String absolute(String location) {
    return path(location).toAbsolutePath().normalize().toString();
  }
}
