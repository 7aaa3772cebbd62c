package io.tapestream.jobs.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import io.tapestream.jobs.embedded.FreePorts;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestOptions;

/**
 * A standalone Flink cluster of separate processes on this machine, from this build's own class
 * path: a job manager, task managers and, with high availability, a {@link Keeper}. It outlives the
 * program that started it; whoever knows its directory finds it again.
 *
 * <pre>{@code
 * LocalCluster cluster = LocalCluster.up(directory, ClusterShape.of(2, 2));
 * ...
 * cluster.down();
 * }</pre>
 */
public final class LocalCluster {
  /** How long its processes may take to find each other. */
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  private static final Duration END = Duration.ofSeconds(15);
  private static final int LAST_LINES = 15;

  private final ClusterDirectory directory;

  private LocalCluster(ClusterDirectory directory) {
    this.directory = directory;
  }

  /** The cluster of a directory, whether it is up or not. */
  public static LocalCluster at(Path directory) {
    return new LocalCluster(new ClusterDirectory(directory));
  }

  /**
   * Starts a cluster and returns when all its task managers have registered.
   *
   * @throws ClusterException if one is up there already, if the port is taken, or if a process
   *     ends; then none is left running
   */
  public static LocalCluster up(Path directory, ClusterShape shape)
      throws ClusterException, IOException, InterruptedException {
    LocalCluster cluster = at(directory);
    cluster.refuseSecond();
    if (shape.port() != 0 && !FreePorts.isFree(shape.port())) {
      throw new ClusterException(
          "port "
              + shape.port()
              + " is taken by another program, which may be a cluster of another directory;"
              + " choose another with --port");
    }
    ClusterSettings.write(cluster.directory, shape);
    try {
      cluster.launch(shape);
      cluster.awaitTaskManagers(shape.taskManagers());
      return cluster;
    } catch (ClusterException | IOException | InterruptedException | RuntimeException e) {
      cluster.down();
      throw e;
    }
  }

  private void refuseSecond() throws IOException, ClusterException {
    for (RecordedProcess process : processes()) {
      if (process.isRunning()) {
        throw new ClusterException(
            "a cluster of "
                + directory.root()
                + " is up: its "
                + process.name()
                + " is process "
                + process.pid()
                + "; end it with: tapestream cluster down");
      }
      directory.forget(process);
    }
  }

  private void launch(ClusterShape shape) throws IOException {
    Launcher launcher = new Launcher(directory);
    if (shape.highAvailability()) {
      launcher.start(Part.KEEPER.title(), String.valueOf(shape.taskManagers()));
      return;
    }
    launcher.start(Part.JOB_MANAGER.title());
    for (int i = 1; i <= shape.taskManagers(); i++) {
      launcher.start(Part.TASK_MANAGER.title(i));
    }
  }

  /**
   * Waits until so many task managers offer their slots.
   *
   * @throws ClusterException if a process ends, or time does
   */
  public void awaitTaskManagers(int count)
      throws ClusterException, IOException, InterruptedException {
    FlinkRest rest = new FlinkRest(address());
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (registered(rest) < count) {
      RecordedProcess first = processes().get(0);
      awaitEnd(first, Duration.ofMillis(100));
      for (RecordedProcess process : processes()) {
        if (!process.isRunning() && !isKept()) {
          throw new ClusterException(
              process.name() + " has ended; its last words:\n" + tail(process));
        }
      }
      if (System.nanoTime() > end) {
        throw new ClusterException(
            "the cluster has not come up within "
                + PATIENCE.toSeconds()
                + " s; its logs are in "
                + directory.logs());
      }
    }
  }

  private boolean isKept() throws IOException {
    return processes().stream()
        .anyMatch(process -> Part.of(process.name()) == Part.KEEPER && process.isRunning());
  }

  private static int registered(FlinkRest rest) throws InterruptedException {
    try {
      return rest.get("/overview").path("taskmanagers").intValue();
    } catch (IOException notYet) {
      return -1;
    }
  }

  /**
   * Where its REST interface answers, and Flink's own pages.
   *
   * @throws IOException if the directory holds no cluster's settings
   */
  public URI address() throws IOException {
    Configuration settings = ClusterSettings.read(directory);
    return URI.create(
        "http://" + settings.get(RestOptions.ADDRESS) + ":" + settings.get(RestOptions.PORT));
  }

  /** What has been started and was not yet reaped, running or not, by name. */
  public List<RecordedProcess> processes() throws IOException {
    return directory.processes();
  }

  /** What the job manager tells of slots and jobs; empty if it does not answer. */
  public Optional<JsonNode> overview() throws IOException, InterruptedException {
    URI address = address();
    try {
      return Optional.of(new FlinkRest(address).get("/overview"));
    } catch (IOException unreachable) {
      return Optional.empty();
    }
  }

  /**
   * Starts a task manager in place of one that died, or one more if all live.
   *
   * @param settings Flink settings of its own, which win over the cluster's
   */
  public RecordedProcess startTaskManager(Map<String, String> settings) throws IOException {
    List<RecordedProcess> recorded = processes();
    int number = 1;
    while (isRunning(recorded, Part.TASK_MANAGER.title(number))) {
      number++;
    }
    String name = Part.TASK_MANAGER.title(number);
    String[] arguments =
        settings.entrySet().stream()
            .flatMap(setting -> Stream.of("-D", setting.getKey() + "=" + setting.getValue()))
            .toArray(String[]::new);
    return RecordedProcess.of(name, new Launcher(directory).start(name, arguments).toHandle());
  }

  private static boolean isRunning(List<RecordedProcess> recorded, String name) {
    return recorded.stream()
        .anyMatch(process -> process.name().equals(name) && process.isRunning());
  }

  /**
   * Ends every process that was started for it and still is what was started.
   *
   * @return those that were running
   */
  public List<RecordedProcess> down() throws IOException, InterruptedException {
    List<RecordedProcess> ended = new ArrayList<>();
    List<RecordedProcess> recorded = new ArrayList<>(processes());
    // The keeper first, or it starts again what is ended next; all that it started meanwhile after.
    recorded.sort(Comparator.comparing(process -> Part.of(process.name()) != Part.KEEPER));
    while (!recorded.isEmpty()) {
      RecordedProcess next = recorded.remove(0);
      if (end(next)) {
        ended.add(next);
      }
      directory.forget(next);
      if (Part.of(next.name()) == Part.KEEPER) {
        recorded = new ArrayList<>(processes());
      }
    }
    return ended;
  }

  private static boolean end(RecordedProcess process) throws InterruptedException {
    Optional<ProcessHandle> running = process.find();
    if (running.isEmpty()) {
      return false;
    }
    running.get().destroy();
    if (!awaitEnd(process, END)) {
      running.get().destroyForcibly();
      awaitEnd(process, END);
    }
    return true;
  }

  /** Whether it ended in time. */
  private static boolean awaitEnd(RecordedProcess process, Duration time)
      throws InterruptedException {
    Optional<ProcessHandle> running = process.find();
    if (running.isEmpty()) {
      return true;
    }
    try {
      running.get().onExit().get(time.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException stillRunning) {
      return false;
    } catch (ExecutionException e) {
      throw new IllegalStateException("can't wait for the end of " + process, e.getCause());
    }
  }

  /** The last lines that a process has printed. */
  public String tail(RecordedProcess process) throws IOException {
    Path log = directory.log(process.name());
    if (!Files.exists(log)) {
      return "(nothing)";
    }
    List<String> lines = Files.readAllLines(log);
    return String.join("\n", lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size()));
  }

  /** Where logs, settings and savepoints lie. */
  public Path directory() {
    return directory.root();
  }
}
