package io.tapestream.serving.follow;

import io.tapestream.files.Manifest;
import io.tapestream.files.VersionDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Clock;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tries versions: manifest, every file's SHA-256, the model built, an input of zeros answered. What
 * fails is not tried again until one of its files changes. One thread tries; any may ask.
 */
final class Trials {
  private static final Logger LOG = LoggerFactory.getLogger(Trials.class);

  private final VersionDirectory versions;
  private final VersionLoader loader;
  private final FollowSettings settings;
  private final Clock clock;
  private final BatchCounts batches;
  private final Consumer<Rejection> rejections;
  private final ConcurrentSkipListMap<Long, Rejected> rejected = new ConcurrentSkipListMap<>();
  private volatile long loading;
  private final AtomicLong refused = new AtomicLong();

  /** A rejection and the state of the files it was for. */
  private record Rejected(Rejection rejection, Map<String, String> files) {}

  /**
   * Nothing has been tried yet.
   *
   * @param batches counts what the versions compute together
   * @param rejections told of each
   */
  Trials(
      VersionDirectory versions,
      VersionLoader loader,
      FollowSettings settings,
      Clock clock,
      BatchCounts batches,
      Consumer<Rejection> rejections) {
    this.versions = versions;
    this.loader = loader;
    this.settings = settings;
    this.clock = clock;
    this.batches = batches;
    this.rejections = rejections;
  }

  /** The version in memory, warm; null if it was rejected, now or before. */
  @Nullable LoadedVersion load(long version) throws IOException {
    Rejected earlier = rejected.get(version);
    Map<String, String> files = filesOf(version);
    if (earlier != null && earlier.files().equals(files)) {
      return null;
    }
    loading = version;
    try {
      LoadedVersion loaded = read(version);
      rejected.remove(version);
      return loaded;
    } catch (IOException | RuntimeException | LinkageError | OutOfMemoryError e) {
      reject(version, files, e);
      return null;
    } finally {
      loading = 0;
    }
  }

  private LoadedVersion read(long version) throws IOException {
    Manifest manifest;
    ServedModel model;
    try (LocalCopy copy = LocalCopy.of(versions, version, settings.verifier())) {
      manifest = settings.verifier().verify(copy.versions(), version);
      model = loader.load(manifest, copy.versions().path(version));
    }
    Runnable undo = model::close;
    try {
      LoadedVersion loaded = new LoadedVersion(manifest, model, settings.turns(batches));
      undo = loaded::retire;
      loaded.warmUp();
      undo = () -> {};
      return loaded;
    } finally {
      undo.run();
    }
  }

  private void reject(long version, Map<String, String> files, Throwable e) {
    String reason = e.getMessage() == null ? e.toString() : e.getMessage();
    Rejection rejection = new Rejection(version, reason, clock.instant());
    rejected.put(version, new Rejected(rejection, files));
    refused.incrementAndGet();
    if (e instanceof IOException) {
      LOG.warn("Rejected version {} of model {}: {}", version, versions.model(), reason);
    } else {
      LOG.warn("Rejected version {} of model {}: {}", version, versions.model(), reason, e);
    }
    rejections.accept(rejection);
  }

  /** Forgets what is no longer there. */
  void keepOnly(Collection<Long> complete) {
    rejected.keySet().retainAll(complete);
  }

  /** What is there and can't be served, the oldest first. */
  List<Rejection> rejections() {
    return rejected.values().stream().map(Rejected::rejection).toList();
  }

  /** Number of the version that is being tried; 0 if none is. */
  long loading() {
    return loading;
  }

  /** How many trials failed. */
  long refused() {
    return refused.get();
  }

  /** Name, size and time of change of every file of a version. */
  private Map<String, String> filesOf(long version) throws IOException {
    Map<String, String> files = new TreeMap<>();
    try (var entries = Files.newDirectoryStream(versions.path(version))) {
      for (Path entry : entries) {
        BasicFileAttributes attributes = Files.readAttributes(entry, BasicFileAttributes.class);
        files.put(
            entry.getFileName().toString(),
            attributes.size() + " " + attributes.lastModifiedTime());
      }
    }
    return files;
  }
}
