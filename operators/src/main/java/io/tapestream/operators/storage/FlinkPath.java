package io.tapestream.operators.storage;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Names in one of Flink's file systems, from its root on or from another path on. */
final class FlinkPath implements Path {
  private final FlinkFileSystem system;
  private final boolean absolute;
  private final List<String> names;

  private FlinkPath(FlinkFileSystem system, boolean absolute, List<String> names) {
    this.system = system;
    this.absolute = absolute;
    this.names = List.copyOf(names);
  }

  /** The path of names between slashes; with one in front it is absolute. */
  static FlinkPath parse(FlinkFileSystem system, String path) {
    List<String> names =
        Arrays.stream(path.split("/", -1)).filter(name -> !name.isEmpty()).toList();
    return new FlinkPath(system, path.startsWith("/"), names);
  }

  /** The same for Flink. */
  org.apache.flink.core.fs.Path flink() {
    return new org.apache.flink.core.fs.Path(toAbsolutePath().toString());
  }

  private FlinkPath with(boolean fromRoot, List<String> parts) {
    return new FlinkPath(system, fromRoot, parts);
  }

  /**
   * A path given by a caller.
   *
   * @throws ProviderMismatchException if it is of another file system
   */
  private FlinkPath own(Path path) {
    if (path instanceof FlinkPath own && own.system.equals(system)) {
      return own;
    }
    throw new ProviderMismatchException(path + " doesn't lie in " + system);
  }

  @Override
  public FlinkFileSystem getFileSystem() {
    return system;
  }

  @Override
  public boolean isAbsolute() {
    return absolute;
  }

  @Override
  public @Nullable Path getRoot() {
    return absolute ? with(true, List.of()) : null;
  }

  @Override
  public @Nullable Path getFileName() {
    return names.isEmpty() ? null : with(false, names.subList(names.size() - 1, names.size()));
  }

  @Override
  public @Nullable FlinkPath getParent() {
    if (names.isEmpty() || (names.size() == 1 && !absolute)) {
      return null;
    }
    return with(absolute, names.subList(0, names.size() - 1));
  }

  @Override
  public int getNameCount() {
    return names.size();
  }

  @Override
  public Path getName(int index) {
    return subpath(index, index + 1);
  }

  @Override
  public Path subpath(int from, int to) {
    if (from < 0 || from >= to || to > names.size()) {
      throw new IllegalArgumentException(this + " has no names " + from + " to " + (to - 1));
    }
    return with(false, names.subList(from, to));
  }

  @Override
  public boolean startsWith(Path other) {
    return other instanceof FlinkPath that
        && that.system.equals(system)
        && that.absolute == absolute
        && that.names.size() <= names.size()
        && names.subList(0, that.names.size()).equals(that.names);
  }

  @Override
  public boolean endsWith(Path other) {
    if (!(other instanceof FlinkPath that) || !that.system.equals(system)) {
      return false;
    }
    if (that.absolute) {
      return equals(that);
    }
    int from = names.size() - that.names.size();
    return from >= 0 && names.subList(from, names.size()).equals(that.names);
  }

  @Override
  public Path normalize() {
    List<String> straight = new ArrayList<>();
    for (String name : names) {
      boolean canGoUp = !straight.isEmpty() && !straight.get(straight.size() - 1).equals("..");
      if (name.equals("..") && canGoUp) {
        straight.remove(straight.size() - 1);
      } else if (!name.equals(".") && !(name.equals("..") && absolute)) {
        straight.add(name);
      }
    }
    return with(absolute, straight);
  }

  @Override
  public Path resolve(Path other) {
    FlinkPath that = own(other);
    if (that.absolute) {
      return that;
    }
    List<String> joined = new ArrayList<>(names);
    joined.addAll(that.names);
    return with(absolute, joined);
  }

  @Override
  public Path relativize(Path other) {
    FlinkPath that = own(other);
    if (that.absolute != absolute) {
      throw new IllegalArgumentException(
          "there is no way from " + this + " to " + that + ": one counts from the root");
    }
    int common = 0;
    int most = Math.min(names.size(), that.names.size());
    while (common < most && names.get(common).equals(that.names.get(common))) {
      common++;
    }
    List<String> way = new ArrayList<>();
    for (int up = common; up < names.size(); up++) {
      way.add("..");
    }
    way.addAll(that.names.subList(common, that.names.size()));
    return with(false, way);
  }

  @Override
  public URI toUri() {
    try {
      URI root = new URI(system.prefix() + "/");
      String path = "/" + String.join("/", names);
      return new URI(root.getScheme(), root.getAuthority(), path, null, null);
    } catch (URISyntaxException e) {
      throw new IllegalStateException(this + " has no URI", e);
    }
  }

  @Override
  public FlinkPath toAbsolutePath() {
    return absolute ? this : with(true, names);
  }

  /** There are no links: the absolute path without detours. */
  @Override
  public Path toRealPath(LinkOption... options) {
    return toAbsolutePath().normalize();
  }

  @Override
  public WatchKey register(
      WatchService watcher, WatchEvent.Kind<?>[] events, WatchEvent.Modifier... modifiers) {
    throw new UnsupportedOperationException("no watching in " + system);
  }

  @Override
  public int compareTo(Path other) {
    return toString().compareTo(own(other).toString());
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof FlinkPath that
        && system.equals(that.system)
        && absolute == that.absolute
        && names.equals(that.names);
  }

  @Override
  public int hashCode() {
    return Objects.hash(system, absolute, names);
  }

  /** The URI's text if it is absolute, not encoded; else the names. */
  @Override
  public String toString() {
    String joined = String.join("/", names);
    return absolute ? system.prefix() + "/" + joined : joined;
  }
}
