package io.tapestream.serving.follow;

import io.tapestream.files.Manifest;
import io.tapestream.files.VersionDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the newest version of a model and answers with it, from any number of threads.
 *
 * <pre>{@code
 * try (ModelFollower follower = ModelFollower.start(Path.of("versions"), "lenet", FollowSettings.defaults())) {
 *   follower.awaitVersion(1, Duration.ofMinutes(1));
 *   Predictions answer = follower.predict(pixels, 1);
 * }
 * }</pre>
 *
 * <p>At every look at the directory the complete versions above the served one are tried, the
 * newest first: its manifest is read, every file's SHA-256 is compared, the model is built and
 * answers an input of zeros. Then requests go to it, and the old version's memory is freed when the
 * last request it was answering is done. A version that fails on this way is rejected with the
 * reason and not tried again until one of its files changes; the old version goes on answering.
 */
public final class ModelFollower implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ModelFollower.class);

  private final VersionDirectory versions;
  private final VersionLoader loader;
  private final int threads;
  private final Clock clock;
  private final ScheduledExecutorService poller;

  /** What was found at the last look, by version; kept for as long as the version is there. */
  private final ConcurrentSkipListMap<Long, Rejected> rejected = new ConcurrentSkipListMap<>();

  private volatile @Nullable LoadedVersion current;
  private volatile @Nullable String problem;
  private volatile boolean closed;

  /** A rejection and the state of the files it was for. */
  private record Rejected(Rejection rejection, Map<String, String> files) {}

  /**
   * Starts to follow {@code directory/model}, which need not exist yet. Returns at once; the first
   * look is taken in the background.
   *
   * @throws IllegalArgumentException if the name can't be a model's
   */
  public static ModelFollower start(Path directory, String model, FollowSettings settings) {
    ModelFollower follower =
        new ModelFollower(
            new VersionDirectory(directory, model),
            new ModelLoader(settings.classLoader()),
            settings.threads(),
            Clock.systemUTC());
    follower.pollEvery(settings.pollInterval());
    return follower;
  }

  ModelFollower(VersionDirectory versions, VersionLoader loader, int threads, Clock clock) {
    this.versions = versions;
    this.loader = loader;
    this.threads = threads;
    this.clock = clock;
    this.poller =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "follow-" + versions.model());
              thread.setDaemon(true);
              return thread;
            });
  }

  private void pollEvery(Duration interval) {
    var unused =
        poller.scheduleWithFixedDelay(this::poll, 0, interval.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Name of the followed model. */
  public String model() {
    return versions.model();
  }

  /** The manifest of the version that answers now. */
  public Optional<Manifest> serving() {
    LoadedVersion version = current;
    return version == null ? Optional.empty() : Optional.of(version.manifest());
  }

  /** The versions that are there and were not loaded, the newest last. */
  public List<Rejection> rejections() {
    return rejected.values().stream().map(Rejected::rejection).toList();
  }

  /**
   * Answers examples with the newest version; waits while as many requests as {@link
   * FollowSettings#threads} are being computed.
   *
   * @param inputs (rows, …input shape), row by row
   * @param rows number of examples, at least 1
   * @throws NotServingException if no version is loaded
   * @throws IllegalArgumentException if the number of values isn't that of so many examples
   */
  public Predictions predict(float[] inputs, int rows) throws InterruptedException {
    while (true) {
      LoadedVersion version = current;
      if (version == null || closed) {
        throw new NotServingException(whyNotServing());
      }
      int expected = Math.multiplyExact(rows, version.manifest().signature().inputSize());
      if (rows < 1 || inputs.length != expected) {
        throw new IllegalArgumentException(
            "%d examples of shape %s take %d values, %d are given"
                .formatted(
                    rows, version.manifest().signature().inputShape(), expected, inputs.length));
      }
      Optional<Predictions> answer = version.predict(inputs, rows);
      if (answer.isPresent()) {
        return answer.get();
      } // retired since it was looked up: its successor is in place
    }
  }

  /** Why no version answers, in a sentence. */
  public String whyNotServing() {
    if (closed) {
      return "model \"" + model() + "\" is no longer served: its follower is closed";
    }
    if (problem != null) {
      return "model \"" + model() + "\" can't be served: " + problem;
    }
    Map.Entry<Long, Rejected> last = rejected.lastEntry();
    return last == null
        ? "model \"" + model() + "\" has no complete version under " + versions.root() + " yet"
        : "version "
            + last.getKey()
            + " of model \""
            + model()
            + "\" was rejected: "
            + last.getValue().rejection().reason();
  }

  /**
   * Waits until the given version or a newer one answers.
   *
   * @return its manifest, or empty when the time is over
   */
  public Optional<Manifest> awaitVersion(long version, Duration time) throws InterruptedException {
    long deadline = System.nanoTime() + time.toNanos();
    synchronized (this) {
      while (true) {
        LoadedVersion loaded = current;
        if (loaded != null && loaded.manifest().version() >= version) {
          return Optional.of(loaded.manifest());
        }
        long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        if (left <= 0 || closed) {
          return Optional.empty();
        }
        wait(left);
      }
    }
  }

  /** Looks at the directory now and returns when what is new there is loaded or rejected. */
  public synchronized void checkNow() throws IOException {
    if (closed) {
      return;
    }
    List<Long> complete = versions.complete();
    rejected.keySet().retainAll(complete);
    LoadedVersion serving = current;
    long served = serving == null ? 0 : serving.manifest().version();
    for (int i = complete.size() - 1; i >= 0 && complete.get(i) > served; i--) {
      if (isNew(complete.get(i)) && load(complete.get(i))) {
        return;
      }
    }
  }

  private void poll() {
    try {
      checkNow();
      problem = null;
    } catch (IOException | RuntimeException e) {
      if (!e.toString().equals(problem)) {
        LOG.warn(
            "Can't look for versions under {}; trying again at every look", versions.root(), e);
      }
      problem = e.toString();
    }
  }

  private boolean isNew(long version) throws IOException {
    Rejected earlier = rejected.get(version);
    return earlier == null || !earlier.files().equals(filesOf(version));
  }

  /** Loads a version and swaps it in, or rejects it. */
  private boolean load(long version) throws IOException {
    Map<String, String> files = filesOf(version);
    try {
      swap(read(version));
      rejected.remove(version);
      return true;
    } catch (IOException | RuntimeException | LinkageError | OutOfMemoryError e) {
      String reason = e.getMessage() == null ? e.toString() : e.getMessage();
      rejected.put(version, new Rejected(new Rejection(version, reason, clock.instant()), files));
      if (e instanceof IOException) {
        LOG.warn("Rejected version {} of model {}: {}", version, model(), reason);
      } else {
        LOG.warn("Rejected version {} of model {}: {}", version, model(), reason, e);
      }
      return false;
    }
  }

  private LoadedVersion read(long version) throws IOException {
    Manifest manifest = versions.manifest(version);
    Path directory = versions.path(version);
    manifest.verify(directory);
    LoadedVersion loaded = new LoadedVersion(manifest, loader.load(manifest, directory), threads);
    boolean ready = false;
    try {
      loaded.warmUp();
      ready = true;
      return loaded;
    } finally {
      if (!ready) {
        loaded.retire();
      }
    }
  }

  private synchronized void swap(LoadedVersion next) {
    LoadedVersion previous = current;
    current = next;
    notifyAll();
    if (previous != null) {
      previous.retire();
    }
    LOG.info("Serving model {} version {}", model(), next.manifest().version());
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

  /** Stops following. Requests under way are answered, later ones are refused. */
  @Override
  public void close() {
    poller.shutdown();
    synchronized (this) {
      closed = true;
      notifyAll();
      LoadedVersion version = current;
      if (version != null) {
        version.retire();
      }
    }
  }
}
