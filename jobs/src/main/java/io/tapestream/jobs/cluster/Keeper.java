package io.tapestream.jobs.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.HighAvailabilityOptions;
import org.apache.flink.runtime.zookeeper.FlinkZooKeeperQuorumPeer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one more process of a cluster with high availability: ZooKeeper, which remembers who leads
 * and what runs, and the parent of all others, which it starts again when they die.
 *
 * <pre>
 * job manager dies    a new one leads when the old one's session has ended, and recovers its jobs
 *                     from their newest checkpoints; the REST port stays
 * task manager dies   a new one takes its place; the job restarts from its newest checkpoint
 * keeper dies         nothing is started again. When the session with ZooKeeper has ended, nobody
 *                     leads: jobs stand still, and go on from their newest checkpoints when the
 *                     cluster was taken down and is up again
 * </pre>
 *
 * <p>{@code java … Keeper --configDir DIR/conf TASK_MANAGERS}
 */
public final class Keeper {
  /** How long a job manager that does not answer still leads. */
  static final Duration SESSION_TIMEOUT = Duration.ofSeconds(5);

  private static final Duration TICK = Duration.ofSeconds(1);

  /** A process that ends sooner than this after its start is started again later and later. */
  private static final Duration SHORT_LIFE = Duration.ofSeconds(20);

  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);

  private static final Logger LOG = LoggerFactory.getLogger(Keeper.class);

  private final Launcher launcher;
  private final ScheduledExecutorService starts = Executors.newSingleThreadScheduledExecutor();

  private Keeper(Launcher launcher) {
    this.launcher = launcher;
  }

  /** Runs until it is killed. */
  public static void main(String[] arguments) throws Exception {
    ClusterDirectory directory = new ClusterDirectory(Path.of(arguments[1]).resolve(".."));
    Keeper keeper = new Keeper(new Launcher(directory));
    Path zooKeeper = writeZooKeeperSettings(directory);
    keeper.keep(Part.JOB_MANAGER.title(), Duration.ZERO);
    for (int i = 1; i <= Integer.parseInt(arguments[2]); i++) {
      keeper.keep(Part.TASK_MANAGER.title(i), Duration.ZERO);
    }
    try {
      FlinkZooKeeperQuorumPeer.runFlinkZkQuorumPeer(zooKeeper.toString(), 1);
    } finally {
      LOG.error("ZooKeeper has ended, and so does the keeper");
      System.exit(1);
    }
  }

  /** Starts a process now, and again whenever it ends. */
  private void keep(String name, Duration pause) {
    Process process;
    try {
      process = launcher.start(name);
    } catch (IOException e) {
      LOG.error("Can't start {}", name, e);
      later(name, longer(pause));
      return;
    }
    Instant started = Instant.now();
    LOG.info("Started {} as process {}", name, process.pid());
    var unused = process.onExit().thenAccept(ended -> startAgain(name, ended, started, pause));
  }

  private void startAgain(String name, Process ended, Instant started, Duration pause) {
    LOG.warn("{}, process {}, has ended with {}", name, ended.pid(), ended.exitValue());
    boolean soon = Duration.between(started, Instant.now()).compareTo(SHORT_LIFE) < 0;
    later(name, soon ? longer(pause) : Duration.ZERO);
  }

  private void later(String name, Duration pause) {
    var unused = starts.schedule(() -> keep(name, pause), pause.toMillis(), TimeUnit.MILLISECONDS);
  }

  private static Duration longer(Duration pause) {
    Duration twice = pause.isZero() ? Duration.ofMillis(500) : pause.multipliedBy(2);
    return twice.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : twice;
  }

  private static Path writeZooKeeperSettings(ClusterDirectory directory) throws IOException {
    Configuration settings = ClusterSettings.read(directory);
    String address = settings.get(HighAvailabilityOptions.HA_ZOOKEEPER_QUORUM);
    String[] hostAndPort = address.split(":", 2);
    return Files.write(
        directory.conf().resolve("zoo.cfg"),
        List.of(
            "dataDir=" + directory.highAvailability().resolve("zookeeper"),
            "clientPortAddress=" + hostAndPort[0],
            "clientPort=" + hostAndPort[1],
            "tickTime=" + TICK.toMillis(),
            "admin.enableServer=false"));
  }
}
