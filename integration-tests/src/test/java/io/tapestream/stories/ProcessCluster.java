package io.tapestream.stories;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.DeploymentOptions;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint;
import org.apache.flink.runtime.taskexecutor.TaskManagerRunner;

/**
 * A standalone Flink cluster of separate processes on this machine, from the test's own class path:
 * one job manager, some task managers of two slots each. Every process is ended by its id on close.
 */
final class ProcessCluster implements AutoCloseable {
  private static final String LOOPBACK = "127.0.0.1";

  private final Path directory;
  private final int restPort;
  private final List<Process> processes = new ArrayList<>();
  private final List<Process> taskManagers = new ArrayList<>();

  private ProcessCluster(Path directory, int restPort) {
    this.directory = directory;
    this.restPort = restPort;
  }

  static ProcessCluster start(Path directory, int taskManagers) throws IOException {
    int rpcPort = freePort();
    ProcessCluster cluster = new ProcessCluster(directory, freePort());
    Files.writeString(
        Files.createDirectories(directory.resolve("conf")).resolve("config.yaml"),
        String.join(
            "\n",
            "jobmanager.rpc.address: " + LOOPBACK,
            "jobmanager.rpc.port: " + rpcPort,
            "jobmanager.bind-host: " + LOOPBACK,
            "jobmanager.memory.process.size: 1g",
            "rest.address: " + LOOPBACK,
            "rest.bind-address: " + LOOPBACK,
            "rest.port: " + cluster.restPort,
            "rest.bind-port: '" + cluster.restPort + "'",
            "taskmanager.host: " + LOOPBACK,
            "taskmanager.bind-host: " + LOOPBACK,
            "taskmanager.numberOfTaskSlots: 2",
            "taskmanager.cpu.cores: 1.0",
            "taskmanager.memory.task.heap.size: 256m",
            "taskmanager.memory.task.off-heap.size: 128m",
            "taskmanager.memory.framework.heap.size: 64m",
            "taskmanager.memory.framework.off-heap.size: 64m",
            "taskmanager.memory.managed.size: 16m",
            "taskmanager.memory.network.min: 32m",
            "taskmanager.memory.network.max: 32m",
            "taskmanager.memory.jvm-metaspace.size: 192m",
            "taskmanager.memory.jvm-overhead.min: 64m",
            "taskmanager.memory.jvm-overhead.max: 64m",
            // A process that was killed is missed after seconds, not after the default 50.
            "heartbeat.interval: 500",
            "heartbeat.timeout: 4000",
            "io.tmp.dirs: " + Files.createDirectories(directory.resolve("tmp")),
            ""));
    try {
      cluster.launch(StandaloneSessionClusterEntrypoint.class, "job-manager");
      for (int i = 0; i < taskManagers; i++) {
        cluster.startTaskManager();
      }
      return cluster;
    } catch (IOException e) {
      cluster.close();
      throw e;
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** Settings with which an environment submits to this cluster. */
  Configuration client() {
    Configuration settings = new Configuration();
    settings.set(DeploymentOptions.TARGET, "remote");
    settings.set(RestOptions.ADDRESS, LOOPBACK);
    settings.set(RestOptions.PORT, restPort);
    return settings;
  }

  /** Kills a task manager's process as the operating system does when it is out of memory. */
  void killTaskManager(int index) throws InterruptedException {
    Process victim = taskManagers.remove(index);
    victim.destroyForcibly();
    victim.waitFor();
  }

  /** Starts one more task manager. */
  void startTaskManager() throws IOException {
    taskManagers.add(launch(TaskManagerRunner.class, "task-manager-" + processes.size()));
  }

  private Process launch(Class<?> main, String name) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(System.getProperty("tapestream.jvm.flags").trim().split("\\s+", -1)));
    command.addAll(List.of("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    command.add("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn");
    command.addAll(List.of(main.getName(), "--configDir", directory.resolve("conf").toString()));
    ProcessBuilder builder = new ProcessBuilder(command);
    // In the environment, not on the command line, which has no room for a class path like ours.
    builder.environment().put("CLASSPATH", classPath());
    builder.redirectErrorStream(true);
    builder.redirectOutput(directory.resolve(name + ".log").toFile());
    Process process = builder.start();
    processes.add(process);
    return process;
  }

  private static String classPath() {
    String surefire = System.getProperty("surefire.test.class.path");
    return surefire != null ? surefire : System.getProperty("java.class.path");
  }

  /** What the processes have printed, for a failed story's message. */
  String logs() throws IOException {
    StringBuilder logs = new StringBuilder();
    try (var files = Files.list(directory)) {
      for (Path log : files.filter(f -> f.toString().endsWith(".log")).sorted().toList()) {
        List<String> lines = Files.readAllLines(log);
        logs.append("== ").append(log.getFileName()).append('\n');
        lines
            .subList(Math.max(0, lines.size() - 60), lines.size())
            .forEach(line -> logs.append(line).append('\n'));
      }
    }
    return logs.toString();
  }

  @Override
  public void close() {
    processes.forEach(Process::destroyForcibly);
    for (Process process : processes) {
      try {
        process.waitFor(20, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }
}
