package io.tapestream.operators.storage;

import java.io.IOException;
import java.net.URI;
import org.apache.flink.core.fs.BlockLocation;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.FileSystemFactory;
import org.apache.flink.core.fs.Path;

/**
 * A file system of Flink's whose root is a local directory: {@code SCHEME:///tmp/it/a} is the file
 * {@code /tmp/it/a}. As in Hadoop's, a directory that is renamed to one that exists is moved
 * inside.
 */
public final class LocalStore extends FileSystem {
  private final URI uri;
  private final FileSystem local = FileSystem.getLocalFileSystem();

  /** Runs before the next rename, to be faster than it. */
  static volatile Runnable beforeRename = () -> {};

  private LocalStore(URI uri) {
    this.uri = uri;
  }

  /** Has renames. */
  public static final class Renaming implements FileSystemFactory {
    @Override
    public String getScheme() {
      return "it";
    }

    @Override
    public FileSystem create(URI uri) {
      return new LocalStore(uri);
    }
  }

  /** Passes for an object store. */
  public static final class Objects implements FileSystemFactory {
    @Override
    public String getScheme() {
      return "oss";
    }

    @Override
    public FileSystem create(URI uri) {
      return new LocalStore(uri);
    }
  }

  private static Path local(Path path) {
    return new Path(path.toUri().getPath());
  }

  @Override
  public Path getWorkingDirectory() {
    return new Path(uri);
  }

  @Override
  public Path getHomeDirectory() {
    return new Path(uri);
  }

  @Override
  public URI getUri() {
    return uri;
  }

  @Override
  public FileStatus getFileStatus(Path path) throws IOException {
    return local.getFileStatus(local(path));
  }

  @Override
  public BlockLocation[] getFileBlockLocations(FileStatus file, long start, long length)
      throws IOException {
    return local.getFileBlockLocations(file, start, length);
  }

  @Override
  public FSDataInputStream open(Path path, int bufferSize) throws IOException {
    return local.open(local(path), bufferSize);
  }

  @Override
  public FSDataInputStream open(Path path) throws IOException {
    return local.open(local(path));
  }

  @Override
  public FileStatus[] listStatus(Path path) throws IOException {
    return local.listStatus(local(path));
  }

  @Override
  public boolean delete(Path path, boolean recursive) throws IOException {
    return local.delete(local(path), recursive);
  }

  @Override
  public boolean mkdirs(Path path) throws IOException {
    return local.mkdirs(local(path));
  }

  @Override
  public FSDataOutputStream create(Path path, WriteMode mode) throws IOException {
    return local.create(local(path), mode);
  }

  @Override
  public boolean rename(Path from, Path to) throws IOException {
    beforeRename.run();
    Path target = local(to);
    return local.rename(
        local(from), local.exists(target) ? new Path(target, from.getName()) : target);
  }

  @Override
  public boolean isDistributedFS() {
    return true;
  }
}
