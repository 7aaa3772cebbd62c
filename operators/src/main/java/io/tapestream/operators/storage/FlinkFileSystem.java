package io.tapestream.operators.storage;

import java.io.IOException;
import java.net.URI;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.WatchService;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One of Flink's file systems: a scheme, and what is named by the authority behind it, such as a
 * bucket. It has no directory of its own that others count from: relative paths count from its
 * root.
 */
final class FlinkFileSystem extends FileSystem {
  private final String scheme;
  private final String authority;

  private FlinkFileSystem(String scheme, String authority) {
    this.scheme = scheme;
    this.authority = authority;
  }

  /**
   * The file system that {@code scheme://authority} names.
   *
   * @param authority such as a bucket; may be empty
   * @throws IllegalArgumentException if that is no URI
   */
  static FlinkFileSystem of(String scheme, String authority) {
    FlinkFileSystem system = new FlinkFileSystem(scheme, authority);
    system.root();
    return system;
  }

  /** Such as {@code s3}. */
  String scheme() {
    return scheme;
  }

  /** Such as {@code s3://bucket}; a path's names follow after slashes. */
  String prefix() {
    return scheme + "://" + authority;
  }

  private URI root() {
    return URI.create(prefix() + "/");
  }

  /** Flink's own, as the plugin makes it. */
  org.apache.flink.core.fs.FileSystem flink() throws IOException {
    return org.apache.flink.core.fs.FileSystem.get(root());
  }

  @Override
  public FlinkFileSystemProvider provider() {
    return FlinkFileSystemProvider.INSTANCE;
  }

  @Override
  public FlinkPath getPath(String first, String... more) {
    String joined = more.length == 0 ? first : first + "/" + String.join("/", more);
    return joined.startsWith(prefix() + "/")
        ? FlinkPath.parse(this, joined.substring(prefix().length()))
        : FlinkPath.parse(this, joined);
  }

  @Override
  public Iterable<Path> getRootDirectories() {
    return List.of(getPath("/"));
  }

  @Override
  public String getSeparator() {
    return "/";
  }

  @Override
  public boolean isOpen() {
    return true;
  }

  @Override
  public boolean isReadOnly() {
    return false;
  }

  @Override
  public Set<String> supportedFileAttributeViews() {
    return Set.of("basic");
  }

  @Override
  public Iterable<FileStore> getFileStores() {
    return List.of();
  }

  @Override
  public PathMatcher getPathMatcher(String syntaxAndPattern) {
    throw new UnsupportedOperationException("no patterns in " + prefix());
  }

  @Override
  public UserPrincipalLookupService getUserPrincipalLookupService() {
    throw new UnsupportedOperationException("no owners in " + prefix());
  }

  @Override
  public WatchService newWatchService() {
    throw new UnsupportedOperationException("no watching in " + prefix());
  }

  /** Does nothing: Flink closes its file systems when the process ends. */
  @Override
  public void close() {}

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof FlinkFileSystem that
        && scheme.equals(that.scheme)
        && authority.equals(that.authority);
  }

  @Override
  public int hashCode() {
    return Objects.hash(scheme, authority);
  }

  @Override
  public String toString() {
    return prefix();
  }
}
