package io.tapestream.jobs.cli;

import io.tapestream.jobs.cluster.RemoteFlink;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code tapestream savepoint}: the state of a running job, to go on from. */
@Command(
    name = "savepoint",
    header = "Takes a savepoint of a job on a cluster.",
    description =
        "%nWith --stop the job ends with it; train --restore then goes on from there, with other"
            + " parallelism.trainers and parallelism.shards if you like.")
final class SavepointCommand implements Callable<Integer> {
  @Spec private CommandSpec command = CommandSpec.create();

  @Parameters(paramLabel = "JOB", description = "The job's name or id.")
  private String job = "";

  @Option(
      names = "--target",
      paramLabel = "URL",
      description = "The cluster's REST interface. Default: ${DEFAULT-VALUE}.")
  private String target = Target.EXAMPLE;

  @Option(
      names = "--directory",
      paramLabel = "DIR",
      description = "Where it goes, as the cluster sees it. Default: the cluster's own setting.")
  private @Nullable String directory;

  @Option(names = "--stop", description = "End the job with the savepoint.")
  private boolean stop;

  @Override
  public Integer call() throws Exception {
    try (RemoteFlink cluster =
        RemoteFlink.connect(Target.of(target), SavepointCommand.class.getClassLoader())) {
      String taken = cluster.savepoint(cluster.find(job), directory, stop);
      PrintWriter out = command.commandLine().getOut();
      out.println((stop ? "Stopped. " : "") + "Go on with: --restore " + taken);
      out.flush();
    }
    return 0;
  }
}
