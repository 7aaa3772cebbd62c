package io.tapestream.operators.storage;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessMode;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.spi.FileSystemProvider;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.flink.core.fs.FileStatus;
import org.jspecify.annotations.Nullable;

/**
 * What {@link java.nio.file.Files} does with a {@link FlinkPath}, done by Flink's file system.
 *
 * <pre>
 *                        file systems (hdfs, …)      object stores (s3, gs, abfs, oss, …)
 * a new file             while it is written         when it is closed, whole
 * an atomic move         a rename; none to a file    refused: {@link AtomicMoveNotSupportedException}
 *                        that exists
 * another move           a rename                    a copy by the store, then a deletion
 * </pre>
 *
 * <p>Hadoop's file systems rename a directory to one that exists by moving it inside. Where another
 * has made the target after it was looked for, that is seen and undone.
 *
 * <p>There are no links, no owners and no locks. Each call is at least one call over the network.
 */
final class FlinkFileSystemProvider extends FileSystemProvider {
  static final FlinkFileSystemProvider INSTANCE = new FlinkFileSystemProvider();

  /** Schemes of stores that know whole objects only; Flink's plugins have them. */
  private static final Set<String> OBJECT_STORES =
      Set.of(
          "s3", "s3a", "s3n", "s3p", "gs", "abfs", "abfss", "wasb", "wasbs", "oss", "cos", "obs");

  private FlinkFileSystemProvider() {}

  @Override
  public String getScheme() {
    return "flink";
  }

  // Files

  @Override
  public SeekableByteChannel newByteChannel(
      Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
      throws IOException {
    FlinkPath file = own(path);
    if (options.contains(StandardOpenOption.APPEND)) {
      throw new UnsupportedOperationException("nothing can be appended to " + file);
    }
    if (!options.contains(StandardOpenOption.WRITE)) {
      FileStatus status = status(file);
      if (status.isDir()) {
        throw new FileSystemException(file.toString(), null, "is a directory");
      }
      try {
        return new ReadChannel(flink(file).open(file.flink()), status.getLen());
      } catch (FileNotFoundException e) {
        throw missing(file, e);
      }
    }
    boolean mustBeNew = options.contains(StandardOpenOption.CREATE_NEW);
    if (mustBeNew && find(file) != null) {
      throw new FileAlreadyExistsException(file.toString());
    }
    return new WriteChannel(
        flink(file)
            .create(
                file.flink(),
                mustBeNew
                    ? org.apache.flink.core.fs.FileSystem.WriteMode.NO_OVERWRITE
                    : org.apache.flink.core.fs.FileSystem.WriteMode.OVERWRITE));
  }

  @Override
  public void delete(Path path) throws IOException {
    FlinkPath file = own(path);
    FileStatus status = status(file);
    if (status.isDir() && !children(file).isEmpty()) {
      throw new DirectoryNotEmptyException(file.toString());
    }
    if (!flink(file).delete(file.flink(), false) && find(file) != null) {
      throw new FileSystemException(file.toString(), null, "can't be deleted");
    }
  }

  @Override
  public void copy(Path source, Path target, CopyOption... options) throws IOException {
    if (Files.isDirectory(source)) {
      throw new UnsupportedOperationException("copy the files of " + source + " one by one");
    }
    clear(source, target, options);
    try (var in = Files.newInputStream(source);
        var out =
            Files.newOutputStream(
                target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      in.transferTo(out);
    }
  }

  @Override
  public void move(Path source, Path target, CopyOption... options) throws IOException {
    FlinkPath from = own(source);
    FlinkPath to = own(target);
    if (Arrays.asList(options).contains(StandardCopyOption.ATOMIC_MOVE)) {
      checkAtomic(from, to);
    }
    Path name = from.getFileName();
    if (name == null) {
      throw new FileSystemException(from.toString(), to.toString(), "a root can't be renamed");
    }
    FlinkPath inside = own(to.resolve(name));
    boolean maySlipIn = status(from).isDir() && find(own(from.resolve(name))) == null;
    clear(from, to, options);
    if (!flink(from).rename(from.flink(), to.flink())) {
      throw new FileSystemException(from.toString(), to.toString(), "can't be renamed");
    }
    if (maySlipIn && find(inside) != null) {
      flink(from).rename(inside.flink(), from.flink());
      throw new FileAlreadyExistsException(
          from.toString(), to.toString(), "another has just made the target");
    }
  }

  private static void checkAtomic(FlinkPath from, FlinkPath to) throws IOException {
    if (OBJECT_STORES.contains(from.getFileSystem().scheme().toLowerCase(Locale.ROOT))) {
      throw new AtomicMoveNotSupportedException(
          from.toString(), to.toString(), "an object store has no renames");
    }
    if (find(to) != null && !status(to).isDir()) {
      throw new AtomicMoveNotSupportedException(
          from.toString(), to.toString(), "a rename does not replace a file");
    }
  }

  /** Makes room for a move or a copy, where that is allowed. */
  private void clear(Path source, Path target, CopyOption[] options) throws IOException {
    if (find(own(target)) == null) {
      return;
    }
    if (!Arrays.asList(options).contains(StandardCopyOption.REPLACE_EXISTING)) {
      throw new FileAlreadyExistsException(
          source.toString(), target.toString(), "the target exists");
    }
    delete(target);
  }

  // Directories

  @Override
  public void createDirectory(Path path, FileAttribute<?>... attributes) throws IOException {
    FlinkPath directory = own(path);
    if (find(directory) != null) {
      throw new FileAlreadyExistsException(directory.toString());
    }
    if (!flink(directory).mkdirs(directory.flink())) {
      throw new FileSystemException(directory.toString(), null, "can't be created");
    }
  }

  @Override
  public DirectoryStream<Path> newDirectoryStream(
      Path path, DirectoryStream.Filter<? super Path> filter) throws IOException {
    FlinkPath directory = own(path);
    if (!status(directory).isDir()) {
      throw new NotDirectoryException(directory.toString());
    }
    List<Path> entries = new ArrayList<>();
    for (Path entry : children(directory)) {
      if (filter.accept(entry)) {
        entries.add(entry);
      }
    }
    return new Entries(entries);
  }

  private static List<Path> children(FlinkPath directory) throws IOException {
    FileStatus[] found;
    try {
      found = flink(directory).listStatus(directory.flink());
    } catch (FileNotFoundException e) {
      throw missing(directory, e);
    }
    if (found == null) {
      throw missing(directory, null);
    }
    return Arrays.stream(found).map(entry -> directory.resolve(entry.getPath().getName())).toList();
  }

  /** All of a directory at once. */
  private record Entries(List<Path> entries) implements DirectoryStream<Path> {
    @Override
    public Iterator<Path> iterator() {
      return entries.iterator();
    }

    @Override
    public void close() {}
  }

  // Attributes

  @Override
  public void checkAccess(Path path, AccessMode... modes) throws IOException {
    status(own(path));
  }

  @Override
  public <A extends BasicFileAttributes> A readAttributes(
      Path path, Class<A> type, LinkOption... options) throws IOException {
    if (type != BasicFileAttributes.class) {
      throw new UnsupportedOperationException("no attributes but the basic ones of " + path);
    }
    return type.cast(new Attributes(status(own(path))));
  }

  @Override
  public Map<String, Object> readAttributes(Path path, String names, LinkOption... options) {
    throw new UnsupportedOperationException("no attributes by their names of " + path);
  }

  @Override
  public <V extends FileAttributeView> @Nullable V getFileAttributeView(
      Path path, Class<V> type, LinkOption... options) {
    return null; // as its contract says of a view that isn't there
  }

  @Override
  public void setAttribute(Path path, String name, Object value, LinkOption... options) {
    throw new UnsupportedOperationException("no attributes can be set of " + path);
  }

  @Override
  public boolean isSameFile(Path one, Path other) {
    return one.toAbsolutePath().normalize().equals(other.toAbsolutePath().normalize());
  }

  @Override
  public boolean isHidden(Path path) {
    Path name = path.getFileName();
    return name != null && name.toString().startsWith(".");
  }

  @Override
  public FileStore getFileStore(Path path) {
    throw new UnsupportedOperationException("no volumes in " + own(path).getFileSystem());
  }

  /** What is at a path; null if nothing is. */
  private static @Nullable FileStatus find(FlinkPath path) throws IOException {
    try {
      return flink(path).getFileStatus(path.flink());
    } catch (FileNotFoundException e) {
      return null;
    }
  }

  private static FileStatus status(FlinkPath path) throws IOException {
    FileStatus found = find(path);
    if (found == null) {
      throw missing(path, null);
    }
    return found;
  }

  private static NoSuchFileException missing(FlinkPath path, @Nullable Throwable cause) {
    NoSuchFileException missing = new NoSuchFileException(path.toString());
    if (cause != null) {
      missing.initCause(cause);
    }
    return missing;
  }

  private static org.apache.flink.core.fs.FileSystem flink(FlinkPath path) throws IOException {
    return path.getFileSystem().flink();
  }

  private static FlinkPath own(Path path) {
    if (path instanceof FlinkPath own) {
      return own;
    }
    throw new ProviderMismatchException(path + " doesn't lie in a file system of Flink's");
  }

  // File systems are made by Storage, not by their URI

  @Override
  public FileSystem newFileSystem(URI uri, Map<String, ?> settings) {
    throw new UnsupportedOperationException("use Storage.path");
  }

  @Override
  public FlinkFileSystem getFileSystem(URI uri) {
    String authority = uri.getAuthority();
    return FlinkFileSystem.of(uri.getScheme(), authority == null ? "" : authority);
  }

  @Override
  public Path getPath(URI uri) {
    return getFileSystem(uri).getPath(uri.getPath());
  }
}
