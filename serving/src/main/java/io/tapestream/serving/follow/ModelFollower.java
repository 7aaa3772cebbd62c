package io.tapestream.serving.follow;

import io.tapestream.files.Manifest;
import io.tapestream.files.Releases;
import io.tapestream.files.VersionDirectory;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the versions of a model and answers with them, from any number of threads.
 *
 * <pre>{@code
 * FollowSettings settings = FollowSettings.defaults();
 * try (ModelFollower follower = ModelFollower.start(Path.of("versions"), "lenet", settings)) {
 *   follower.addListener((before, now) -> System.out.println("version " + now.version()));
 *   follower.awaitVersion(1, Duration.ofMinutes(1));
 *   Predictions answer = follower.predict(pixels, 1);
 *   System.out.println(answer.version().version() + " says " + answer.values()[0]);
 *   Predictions stable = follower.predict(Choice.label("stable"), pixels, 1);
 * }
 * }</pre>
 *
 * <p>At every look at the directory the complete versions above the served one are tried, the
 * newest first: its manifest is read, every file's SHA-256 is compared, the model is built and
 * answers an input of zeros. Then requests go to it, and the old version's memory is freed when the
 * last request it was answering is done. A version that fails on this way is rejected with the
 * reason and not tried again until one of its files changes; the old version goes on answering.
 *
 * <p>Where people have decided otherwise ({@link Releases}), that is followed: a held version is
 * the default, whatever newer ones come, which is how a model is rolled back; and every version
 * that has a label is loaded beside it. If the held or labelled version can't be served, the one
 * before goes on answering in its place. Only where none answered yet, versions older than the held
 * one are tried.
 */
public final class ModelFollower implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ModelFollower.class);

  private final VersionDirectory versions;
  private final Clock clock;
  private final Trials trials;
  private final ScheduledExecutorService poller;
  private final AtomicBoolean lookIsDue = new AtomicBoolean();
  private final List<SwapListener> listeners = new CopyOnWriteArrayList<>();
  private final AtomicLong swaps = new AtomicLong();
  private final BatchCounts batches = new BatchCounts();

  private volatile LineUp lineUp = LineUp.EMPTY;

  /** Versions that were decided for and are not there. */
  private volatile List<Rejection> absent = List.of();

  private volatile @Nullable String problem;
  private volatile boolean closed;

  /**
   * Starts to follow {@code directory/model}, which need not exist yet. Returns at once; the first
   * look is taken in the background.
   *
   * @param directory a local one, or one in any other file system of {@code java.nio.file}, such as
   *     a bucket through a provider on the class path; each version is copied to the local disk
   *     then while it is checked and loaded
   * @throws IllegalArgumentException if the name can't be a model's
   */
  public static ModelFollower start(Path directory, String model, FollowSettings settings) {
    ModelFollower follower =
        new ModelFollower(
            new VersionDirectory(directory, model),
            new ModelLoader(settings.classLoader()),
            settings,
            Clock.systemUTC());
    follower.pollEvery(settings.pollInterval());
    return follower;
  }

  ModelFollower(
      VersionDirectory versions, VersionLoader loader, FollowSettings settings, Clock clock) {
    this.versions = versions;
    this.clock = clock;
    this.trials =
        new Trials(
            versions,
            loader,
            settings,
            clock,
            batches,
            rejection -> tell(listener -> listener.rejected(rejection)));
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

  /** Tells the listener of every swap and rejection from now on. */
  public void addListener(SwapListener listener) {
    listeners.add(listener);
  }

  /** The manifest of the version that answers now who names none. */
  public Optional<Manifest> serving() {
    return Optional.ofNullable(lineUp.standard()).map(LoadedVersion::manifest);
  }

  /** The versions that were to be served and can't be, the oldest first. */
  public List<Rejection> rejections() {
    List<Rejection> all = new ArrayList<>(trials.rejections());
    all.addAll(absent);
    all.sort(Comparator.comparingLong(Rejection::version));
    return all;
  }

  /** All that is served now, and what is not. */
  public FollowStatus status() {
    LineUp now = lineUp;
    long loading = trials.loading();
    return new FollowStatus(
        Optional.ofNullable(now.standard()).map(LoadedVersion::manifest),
        now.manifests(),
        now.labels(),
        loading == 0 ? OptionalLong.empty() : OptionalLong.of(loading),
        rejections(),
        swaps.get(),
        trials.refused(),
        batches.batches(),
        batches.examples());
  }

  // Answering

  /** As {@link #predict(Choice, float[], int)} with the default version. */
  public Predictions predict(float[] inputs, int rows) throws InterruptedException {
    return predict(Choice.DEFAULT, inputs, rows);
  }

  /**
   * Answers examples with one version; waits while as many requests as {@link
   * FollowSettings#threads} are being computed.
   *
   * @param inputs (rows, …input shape), row by row
   * @param rows number of examples, at least 1
   * @throws NotServingException if no version is loaded
   * @throws NotLoadedException if the one that was chosen isn't
   * @throws OverloadedException if the turn did not come in time
   * @throws IllegalArgumentException if the number of values isn't that of so many examples, or the
   *     model refuses one of them
   */
  public Predictions predict(Choice choice, float[] inputs, int rows) throws InterruptedException {
    try (Lease lease = lease(choice)) {
      return lease.predict(inputs, rows);
    }
  }

  /**
   * Keeps the version that is chosen now from being freed, so that a request can be read by its
   * signature and answered by the same version.
   *
   * @throws NotServingException if no version is loaded
   * @throws NotLoadedException if the one that was chosen isn't
   */
  public Lease lease(Choice choice) {
    while (true) {
      LineUp now = lineUp;
      if (closed || now.standard() == null) {
        throw new NotServingException(whyNotServing());
      }
      LoadedVersion version = now.find(choice);
      if (version == null) {
        throw new NotLoadedException(now.missing(choice, model()));
      }
      if (version.enter()) {
        return new Lease(version);
      } // retired since it was looked up: another line-up is in place
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
    List<Rejection> rejected = rejections();
    if (rejected.isEmpty()) {
      return "model \"" + model() + "\" has no complete version under " + versions.root() + " yet";
    }
    Rejection last = rejected.get(rejected.size() - 1);
    return "version "
        + last.version()
        + " of model \""
        + model()
        + "\" was rejected: "
        + last.reason();
  }

  /**
   * Waits until the given version or a newer one is the default.
   *
   * @return its manifest, or empty when the time is over
   */
  public Optional<Manifest> awaitVersion(long version, Duration time) throws InterruptedException {
    long deadline = System.nanoTime() + time.toNanos();
    synchronized (this) {
      while (true) {
        LoadedVersion loaded = lineUp.standard();
        if (loaded != null && loaded.number() >= version) {
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

  // Following

  /**
   * Looks at the directory soon, without waiting for the next look to be due; for who hears that a
   * version has been published. Any thread may call it, as often as it likes.
   */
  public void checkSoon() {
    if (!closed && lookIsDue.compareAndSet(false, true)) {
      try {
        poller.execute(this::poll);
      } catch (RejectedExecutionException e) {
        LOG.debug("Model {} is no longer followed", model(), e); // closed meanwhile
      }
    }
  }

  /** Looks at the directory now and returns when what is new there is loaded or rejected. */
  public synchronized void checkNow() throws IOException {
    if (closed) {
      return;
    }
    List<Long> complete = versions.complete();
    trials.keepOnly(complete);
    Releases releases = Releases.read(versions);
    List<Rejection> missing = new ArrayList<>();
    followDefault(releases, complete, missing);
    followLabels(releases, complete, missing);
    absent = List.copyOf(missing);
  }

  private void poll() {
    lookIsDue.set(false);
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

  private void followDefault(Releases releases, List<Long> complete, List<Rejection> missing)
      throws IOException {
    LineUp before = lineUp;
    Long held = releases.hold();
    if (held != null && !complete.contains(held)) {
      missing.add(notThere(held, "it is held as the default"));
    }
    for (long candidate : DefaultVersion.candidates(releases, complete, before.number())) {
      LoadedVersion loaded = obtain(candidate);
      if (loaded != null) {
        install(LineUp.of(loaded, before.labels(), before.loaded(), releases.labels().values()));
        return;
      }
    }
  }

  private void followLabels(Releases releases, List<Long> complete, List<Rejection> missing)
      throws IOException {
    LineUp before = lineUp;
    if (before.standard() == null) {
      return; // without a default nothing is served
    }
    Map<Long, LoadedVersion> loaded = new TreeMap<>(before.loaded());
    try {
      SortedMap<String, Long> labels = loadLabelled(releases, complete, missing, loaded);
      install(LineUp.of(before.standard(), labels, loaded, List.of()));
    } finally { // a load that broke off leaves those before it to nobody
      loaded.values().stream()
          .filter(version -> lineUp.loaded().get(version.number()) != version)
          .forEach(LoadedVersion::retire);
    }
  }

  /** Loads what the labels name and isn't loaded yet; returns where each label is now. */
  private SortedMap<String, Long> loadLabelled(
      Releases releases,
      List<Long> complete,
      List<Rejection> missing,
      Map<Long, LoadedVersion> loaded)
      throws IOException {
    LineUp before = lineUp;
    SortedMap<String, Long> labels = new TreeMap<>();
    for (Map.Entry<String, Long> wish : releases.labels().entrySet()) {
      long number = wish.getValue();
      LoadedVersion version = loaded.get(number);
      if (version == null && !complete.contains(number)) {
        missing.add(notThere(number, "it has the label \"" + wish.getKey() + "\""));
      } else if (version == null) {
        version = trials.load(number);
      }
      if (version != null) {
        loaded.put(number, version);
        labels.put(wish.getKey(), number);
      } else if (before.labels().containsKey(wish.getKey())) {
        labels.put(wish.getKey(), before.labels().get(wish.getKey()));
      }
    }
    return labels;
  }

  private Rejection notThere(long version, String why) {
    return new Rejection(
        version, why + ", but no complete version of this number is there", clock.instant());
  }

  private @Nullable LoadedVersion obtain(long version) throws IOException {
    LoadedVersion loaded = lineUp.loaded().get(version);
    return loaded != null ? loaded : trials.load(version);
  }

  private synchronized void install(LineUp next) {
    LineUp before = lineUp;
    lineUp = next;
    notifyAll();
    before
        .loaded()
        .forEach(
            (number, version) -> {
              if (next.loaded().get(number) != version) {
                version.retire();
              }
            });
    LoadedVersion standard = next.standard();
    if (standard != null && standard != before.standard()) {
      swaps.incrementAndGet();
      LOG.info("Serving model {} version {}", model(), next.number());
      Optional<Manifest> old = Optional.ofNullable(before.standard()).map(LoadedVersion::manifest);
      tell(listener -> listener.swapped(old, standard.manifest()));
    }
  }

  private void tell(Consumer<SwapListener> news) {
    for (SwapListener listener : listeners) {
      try {
        news.accept(listener);
      } catch (RuntimeException e) {
        LOG.error("A listener of model {} failed", model(), e);
      }
    }
  }

  /** Stops following. Requests under way are answered, later ones are refused. */
  @Override
  public void close() {
    closed = true;
    poller.shutdown();
    synchronized (this) {
      notifyAll();
      lineUp.loaded().values().forEach(LoadedVersion::retire);
    }
  }
}
