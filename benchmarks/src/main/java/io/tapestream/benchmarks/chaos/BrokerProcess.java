package io.tapestream.benchmarks.chaos;

import io.tapestream.jobs.embedded.EmbeddedKafka;
import io.tapestream.jobs.embedded.FreePorts;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;

/** A Kafka broker in a process of its own, to be killed and started again on the same log. */
final class BrokerProcess implements AutoCloseable {
  private static final int PATIENCE_MILLIS = 180_000;

  private final Path directory;
  private final int port = FreePorts.next();
  private final int controllerPort = FreePorts.next();
  private Process process;

  private BrokerProcess(Path directory) throws IOException {
    this.directory = Files.createDirectories(directory);
    this.process = launch();
  }

  /** Starts a broker and returns when it answers. */
  static BrokerProcess start(Path directory) throws Exception {
    BrokerProcess broker = new BrokerProcess(directory);
    broker.awaitAnswer();
    return broker;
  }

  /** The process, given a log directory, broker port and controller port; ends with its parent. */
  public static void main(String[] arguments) throws IOException {
    EmbeddedKafka kafka =
        EmbeddedKafka.start(
            Path.of(arguments[0]), Integer.parseInt(arguments[1]), Integer.parseInt(arguments[2]));
    System.in.transferTo(OutputStream.nullOutputStream());
    kafka.close();
  }

  /** What clients take as {@code bootstrap.servers}; the same after a kill. */
  String bootstrapServers() {
    return "localhost:" + port;
  }

  /** Kills the broker and starts it again on the same log; returns when it answers. */
  void killAndRestart() throws Exception {
    process.destroyForcibly().waitFor();
    process = launch();
    awaitAnswer();
  }

  private Process launch() throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-XX:+UseSerialGC",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                BrokerProcess.class.getName(),
                directory.resolve("log").toString(),
                String.valueOf(port),
                String.valueOf(controllerPort)));
    String tests = System.getProperty("surefire.test.class.path");
    builder
        .environment()
        .put("CLASSPATH", tests != null ? tests : System.getProperty("java.class.path"));
    builder.redirectErrorStream(true);
    File log = directory.resolve("broker.log").toFile();
    builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log));
    return builder.start();
  }

  private void awaitAnswer() throws Exception {
    try (Admin admin =
        Admin.create(
            Map.of(
                AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrapServers(),
                AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG,
                PATIENCE_MILLIS))) {
      admin.describeCluster().nodes().get();
    }
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(15, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
