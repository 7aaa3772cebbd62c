package io.tapestream.jobs.embedded;

import io.tapestream.jobs.Topics;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.MetadataVersion;
import org.jspecify.annotations.Nullable;

/**
 * A real Kafka broker in this process: one KRaft node, broker and controller at once, on loopback
 * ports of its own, its log in a directory of its own.
 *
 * <p>{@link #start()} formats the directory with Kafka's own formatter and returns when the broker
 * answers. {@link #stop()} and {@link #restart()} keep the ports and the log, so that clients come
 * back to the same records. {@link #close()} stops it and removes the log.
 *
 * <p>Topics are never created by themselves: a misspelt name is an error and not an empty topic.
 *
 * <p>Not thread-safe.
 */
public final class EmbeddedKafka implements AutoCloseable {
  private static final int NODE = 1;

  private final Path directory;
  private final int brokerPort;
  private final int controllerPort;
  private @Nullable KafkaRaftServer server;

  private EmbeddedKafka(Path directory, int brokerPort, int controllerPort) {
    this.directory = directory;
    this.brokerPort = brokerPort;
    this.controllerPort = controllerPort;
  }

  /**
   * Starts a broker with an empty log in a new temporary directory.
   *
   * @throws IllegalStateException if the broker does not come up; its own message is the cause
   */
  public static EmbeddedKafka start() {
    int brokerPort = FreePorts.next();
    int controllerPort = FreePorts.next();
    while (controllerPort == brokerPort) {
      controllerPort = FreePorts.next();
    }
    Path directory;
    try {
      directory = Files.createTempDirectory("tapestream-kafka-");
    } catch (IOException e) {
      throw new UncheckedIOException("can't make a directory for the broker's log", e);
    }
    EmbeddedKafka kafka = new EmbeddedKafka(directory, brokerPort, controllerPort);
    try {
      kafka.format();
      kafka.restart();
      return kafka;
    } catch (RuntimeException e) {
      try {
        kafka.close();
      } catch (RuntimeException closing) {
        e.addSuppressed(closing);
      }
      throw e;
    }
  }

  /**
   * Starts a broker on the log in a directory, which is made if it is missing. After a crash the
   * same directory and ports give clients the same records.
   *
   * @throws IllegalStateException if the broker does not come up; its own message is the cause
   */
  public static EmbeddedKafka start(Path directory, int brokerPort, int controllerPort) {
    EmbeddedKafka kafka = new EmbeddedKafka(directory, brokerPort, controllerPort);
    if (!Files.exists(directory.resolve("meta.properties"))) {
      kafka.format();
    }
    kafka.restart();
    return kafka;
  }

  /** What clients take as {@code bootstrap.servers}; the same before and after a restart. */
  public String bootstrapServers() {
    return "localhost:" + brokerPort;
  }

  /** Creates a topic with one replica and waits until it can be written to. */
  public void createTopic(String name, int partitions) {
    createTopic(name, partitions, Map.of());
  }

  /**
   * Creates a topic with one replica and waits until it can be written to.
   *
   * @param settings topic settings by Kafka's names, such as {@code max.message.bytes}
   * @throws IllegalStateException if the broker refuses, for example because the topic exists
   */
  public void createTopic(String name, int partitions, Map<String, String> settings) {
    try (Admin admin =
        Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers()))) {
      NewTopic topic = new NewTopic(name, partitions, (short) 1).configs(settings);
      admin.createTopics(List.of(topic)).all().get();
      Topics.awaitLeaders(admin, name, partitions);
    } catch (ExecutionException e) {
      throw new IllegalStateException("can't create topic " + name, e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while creating topic " + name, e);
    }
  }

  /** Stops the broker and keeps its ports and its log. Does nothing if it is stopped. */
  public void stop() {
    KafkaRaftServer running = server;
    server = null;
    if (running != null) {
      running.shutdown();
      running.awaitShutdown();
    }
  }

  /** Starts the stopped broker again on the same ports and the same log. */
  public void restart() {
    if (server != null) {
      throw new IllegalStateException("the broker is running; stop() it first");
    }
    KafkaRaftServer started = new KafkaRaftServer(new KafkaConfig(settings(), false), Time.SYSTEM);
    server = started;
    try {
      started.startup();
    } catch (Exception e) {
      throw new IllegalStateException("the embedded Kafka broker did not start", e);
    }
  }

  /** Stops the broker and removes its log. */
  @Override
  public void close() {
    stop();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("can't remove the broker's log " + directory, e);
    }
  }

  private void format() {
    try {
      new Formatter()
          .setPrintStream(
              new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8))
          .setNodeId(NODE)
          .setClusterId(Uuid.randomUuid().toString())
          .setReleaseVersion(MetadataVersion.latestProduction())
          .setControllerListenerName("CONTROLLER")
          .setDirectories(List.of(directory.toString()))
          .setMetadataLogDirectory(directory.toString())
          .run();
    } catch (Exception e) {
      throw new IllegalStateException("can't format the broker's log in " + directory, e);
    }
  }

  private Map<String, String> settings() {
    Map<String, String> settings = new HashMap<>();
    settings.put("process.roles", "broker,controller");
    settings.put("node.id", String.valueOf(NODE));
    settings.put("controller.quorum.voters", NODE + "@localhost:" + controllerPort);
    settings.put("controller.listener.names", "CONTROLLER");
    settings.put(
        "listeners",
        "PLAINTEXT://localhost:" + brokerPort + ",CONTROLLER://localhost:" + controllerPort);
    settings.put("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT");
    settings.put("log.dirs", directory.toString());
    settings.put("auto.create.topics.enable", "false");
    // One node: nothing to replicate to, and nobody to wait for.
    settings.put("offsets.topic.replication.factor", "1");
    settings.put("offsets.topic.num.partitions", "1");
    settings.put("transaction.state.log.replication.factor", "1");
    settings.put("transaction.state.log.min.isr", "1");
    settings.put("transaction.state.log.num.partitions", "1");
    settings.put("share.coordinator.state.topic.replication.factor", "1");
    settings.put("share.coordinator.state.topic.min.isr", "1");
    settings.put("share.coordinator.state.topic.num.partitions", "1");
    settings.put("group.initial.rebalance.delay.ms", "0");
    settings.put("controlled.shutdown.enable", "false");
    // Two cores are shared with a training job.
    settings.put("num.network.threads", "1");
    settings.put("num.io.threads", "2");
    settings.put("background.threads", "2");
    settings.put("log.cleaner.dedupe.buffer.size", "2097152");
    return settings;
  }
}
