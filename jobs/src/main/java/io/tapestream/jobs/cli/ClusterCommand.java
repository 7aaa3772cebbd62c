package io.tapestream.jobs.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.tapestream.jobs.cluster.ClusterShape;
import io.tapestream.jobs.cluster.LocalCluster;
import io.tapestream.jobs.cluster.RecordedProcess;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code tapestream cluster up|down|status}: a Flink cluster of processes on this machine. */
@Command(
    name = "cluster",
    header = "Starts, shows and ends a local Flink cluster of separate processes.",
    synopsisSubcommandLabel = "(up | down | status)",
    description = "%nSubmit to it with: tapestream train --target http://127.0.0.1:8081 JOB.yaml")
final class ClusterCommand implements Runnable {
  @Spec private CommandSpec command = CommandSpec.create();

  private ClusterCommand() {}

  /** The command with those below it. */
  static CommandLine commandLine() {
    return new CommandLine(new ClusterCommand())
        .addSubcommand(new Up())
        .addSubcommand(new Down())
        .addSubcommand(new Status());
  }

  @Override
  public void run() {
    throw new ParameterException(command.commandLine(), "say up, down or status");
  }

  /** {@code --directory}: which cluster. */
  private static final class Where {
    @Option(
        names = "--directory",
        paramLabel = "DIR",
        description =
            "Where its settings, logs and savepoints lie. Default: .tapestream/cluster at home.")
    private Path directory = Path.of(System.getProperty("user.home"), ".tapestream", "cluster");

    LocalCluster cluster() {
      return LocalCluster.at(directory);
    }
  }

  /** {@code tapestream cluster up}. */
  @Command(
      name = "up",
      header = "Starts a job manager and task managers, and returns when they are ready.",
      description = {
        "%nThey run until: tapestream cluster down. What dies stays dead, and its job waits, unless"
            + " --high-availability is given.",
        "The settings are shipped ones; -D changes one of them."
      })
  static final class Up implements Callable<Integer> {
    @Spec private CommandSpec command = CommandSpec.create();
    @Mixin private Where where = new Where();

    @Option(
        names = "--task-managers",
        paramLabel = "N",
        description = "Processes that run tasks. Default: ${DEFAULT-VALUE}.")
    private int taskManagers = 2;

    @Option(
        names = "--slots",
        paramLabel = "M",
        description =
            "Slots of each; a job takes as many as it has trainers or shards, whichever are more."
                + " Default: ${DEFAULT-VALUE}.")
    private int slots = 2;

    @Option(
        names = "--port",
        description =
            "Where the REST interface and Flink's pages answer; 0 takes a free one. Default:"
                + " ${DEFAULT-VALUE}.")
    private int port = ClusterShape.DEFAULT_PORT;

    @Option(
        names = "--high-availability",
        description =
            "One more process, the keeper, starts again what dies; jobs go on from their newest"
                + " checkpoints, also after the job manager's death.")
    private boolean highAvailability;

    @Option(
        names = "-D",
        paramLabel = "KEY=VALUE",
        description = "A Flink setting; may be repeated.")
    private Map<String, String> settings = new LinkedHashMap<>();

    @Override
    public Integer call() throws Exception {
      LocalCluster cluster =
          LocalCluster.up(
              where.directory,
              new ClusterShape(taskManagers, slots, port, highAvailability, settings));
      PrintWriter out = command.commandLine().getOut();
      out.printf(
          "%d task managers with %d slots each are up. Flink's pages: %s%n",
          taskManagers, slots, cluster.address());
      out.println("Submit with: tapestream train --target " + cluster.address() + " JOB.yaml");
      out.println("Logs: " + cluster.directory().resolve("logs"));
      out.flush();
      return 0;
    }
  }

  /** {@code tapestream cluster down}. */
  @Command(
      name = "down",
      header = "Ends the processes of a local cluster.",
      description = {
        "%nA job that runs on it ends; its checkpoints are kept. With --high-availability it goes on"
            + " when the cluster is up again."
      })
  static final class Down implements Callable<Integer> {
    @Spec private CommandSpec command = CommandSpec.create();
    @Mixin private Where where = new Where();

    @Override
    public Integer call() throws Exception {
      LocalCluster cluster = where.cluster();
      PrintWriter out = command.commandLine().getOut();
      for (RecordedProcess dead : dead(cluster)) {
        out.println(dead.name() + ", process " + dead.pid() + ", was dead already");
      }
      List<RecordedProcess> ended = cluster.down();
      if (ended.isEmpty()) {
        out.println("No cluster of " + cluster.directory() + " was up.");
      }
      for (RecordedProcess process : ended) {
        out.println("Ended " + process.name() + ", process " + process.pid());
      }
      out.flush();
      return 0;
    }
  }

  /** {@code tapestream cluster status}. */
  @Command(
      name = "status",
      header = "Shows the processes of a local cluster, its slots and its jobs.",
      description = "%nEnds with 1 if a process is dead, or none was started.")
  static final class Status implements Callable<Integer> {
    @Spec private CommandSpec command = CommandSpec.create();
    @Mixin private Where where = new Where();

    @Override
    public Integer call() throws Exception {
      LocalCluster cluster = where.cluster();
      PrintWriter out = command.commandLine().getOut();
      List<RecordedProcess> processes = cluster.processes();
      if (processes.isEmpty()) {
        out.println("No cluster of " + cluster.directory() + " is up.");
        out.flush();
        return Main.FAILED;
      }
      List<List<String>> rows = new ArrayList<>();
      for (RecordedProcess process : processes) {
        rows.add(
            List.of(
                process.name(),
                String.valueOf(process.pid()),
                process.isRunning() ? "running since " + process.started() : "dead"));
      }
      out.print(Table.of(rows));
      Optional<JsonNode> overview = cluster.overview();
      out.println(
          overview
              .map(
                  told ->
                      "%s: Flink %s, %d task managers, %d of %d slots free, %d jobs running"
                          .formatted(
                              address(cluster),
                              told.path("flink-version").asText(),
                              told.path("taskmanagers").intValue(),
                              told.path("slots-available").intValue(),
                              told.path("slots-total").intValue(),
                              told.path("jobs-running").intValue()))
              .orElseGet(() -> "The job manager does not answer at " + address(cluster)));
      out.flush();
      return dead(cluster).isEmpty() && overview.isPresent() ? 0 : Main.FAILED;
    }

    private static String address(LocalCluster cluster) {
      try {
        return cluster.address().toString();
      } catch (java.io.IOException e) {
        throw new java.io.UncheckedIOException("the cluster's settings can't be read", e);
      }
    }
  }

  private static List<RecordedProcess> dead(LocalCluster cluster) throws java.io.IOException {
    return cluster.processes().stream().filter(process -> !process.isRunning()).toList();
  }
}
