package io.tapestream.jobs.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tapestream.jobs.JobFailedException;
import io.tapestream.jobs.LocalJob;
import io.tapestream.jobs.RunningJob;
import io.tapestream.jobs.Shutdown;
import io.tapestream.jobs.Submission;
import io.tapestream.jobs.TrainingRun;
import io.tapestream.jobs.cluster.ClusterException;
import io.tapestream.jobs.cluster.RemoteFlink;
import io.tapestream.jobs.progress.Progress;
import io.tapestream.jobs.progress.ProgressLine;
import io.tapestream.jobs.spec.JobSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code tapestream train}: the main job from a specification. */
@Command(
    name = "train",
    header = "Runs a training job from its file, on a Flink cluster in this process or elsewhere.",
    description = {
      "%nThe Kafka broker must be there. Ends when every partition has reached its stop, or with Ctrl-C;"
          + " then the newest checkpoint is kept, and --restore goes on from it."
    })
final class TrainCommand implements Callable<Integer> {
  private static final Duration REFRESH = Duration.ofMillis(500);

  @Spec private CommandSpec command = CommandSpec.create();

  @Parameters(
      paramLabel = "JOB.yaml",
      description = "The job's file; see: tapestream show JOB.yaml")
  private Path file = Path.of("job.yaml");

  @Mixin private UserClasses classes = new UserClasses();

  @Option(
      names = "--restore",
      paramLabel = "DIR",
      description = "Go on from a checkpoint or savepoint, as an earlier run named it.")
  private @Nullable String restore;

  @Option(
      names = "--replay",
      paramLabel = "VERSION",
      description =
          "Let rounds pass and batches leave early as they did when this version's directory was"
              + " published, for the same bits.")
  private @Nullable Path replay;

  @ArgGroup(multiplicity = "0..1")
  private Place place = new Place();

  /** Where it runs. */
  private static final class Place {
    @Option(
        names = "--task-managers",
        paramLabel = "N",
        description = "Task managers in this process. Default: 1.")
    private int taskManagers = 1;

    @ArgGroup(exclusive = false)
    private @Nullable Elsewhere elsewhere;
  }

  /** A cluster that is there already. */
  private static final class Elsewhere {
    @Option(
        names = "--target",
        required = true,
        paramLabel = "URL",
        description = {
          "Run on the Flink cluster whose REST interface is there, such as " + Target.EXAMPLE + ".",
          "Ctrl-C ends the job there too, its newest checkpoint kept."
        })
    private String target = "";

    @Option(
        names = "--detached",
        description = {
          "Leave the job running on that cluster, and end when it is submitted.",
          "Nobody submits it again then: not with guard.then: resume, which is refused, nor when"
              + " partitions are added."
        })
    private boolean detached;
  }

  @Option(
      names = "--output",
      defaultValue = "text",
      description = "json makes the last line one JSON object. Default: ${DEFAULT-VALUE}.")
  private Output output = Output.TEXT;

  @Override
  public Integer call() throws Exception {
    JobSpec spec = JobSpec.read(file);
    boolean detached = place.elsewhere != null && place.elsewhere.detached;
    if (detached && spec.guard().resumes()) {
      throw new ParameterException(
          command.commandLine(),
          file
              + " says guard.then: resume, so that train submits the job again, and --detached lets it"
              + " end before: leave one of them out");
    }
    ClassLoader loader = classes.install();
    long start = System.nanoTime();
    try (Shutdown shutdown = new Shutdown()) {
      if (detached) {
        Submission resolved = resolve(spec, loader);
        Submission submission = restore == null ? resolved : resolved.restored();
        RunningJob job = start(spec, submission, loader, restore);
        System.out.println("Job " + spec.name() + " runs as " + job.client().getJobID() + ".");
        job.leave();
        return 0;
      }
      AtomicReference<TrainingRun> running = new AtomicReference<>();
      shutdown.closes(() -> onInterrupt(running.get())); // after the job has stopped
      ProgressLine line = shutdown.closes(ProgressLine.standard());
      TrainingRun run =
          shutdown.closes(TrainingRun.start(submitter(spec, loader), spec, restore, line::message));
      running.set(run);
      Progress last = watch(run, line);
      line.close();
      double seconds = (System.nanoTime() - start) / 1e9;
      RunningJob job = run.job();
      System.out.println(
          "Published " + job.versions() + ", newest version " + last.version() + ".");
      if (output == Output.JSON) {
        System.out.println(json(job, last, seconds));
      }
    }
    return 0;
  }

  private TrainingRun.Submitter submitter(JobSpec spec, ClassLoader loader) {
    return new TrainingRun.Submitter() {
      @Override
      public Submission resolve() throws Exception {
        return TrainCommand.this.resolve(spec, loader);
      }

      @Override
      public RunningJob start(Submission submission, @Nullable String from) throws Exception {
        return TrainCommand.this.start(spec, submission, loader, from);
      }
    };
  }

  private Submission resolve(JobSpec spec, ClassLoader loader) throws Exception {
    Submission submission = Submission.of(spec, loader);
    if (replay != null) {
      submission = submission.replaying(replay);
    }
    System.out.println(submission.model().summary());
    System.out.println(submission.effectiveBatch());
    return submission;
  }

  private RunningJob start(
      JobSpec spec, Submission submission, ClassLoader loader, @Nullable String from)
      throws ClusterException, IOException, InterruptedException {
    if (place.elsewhere == null) {
      return LocalJob.start(spec, submission, classes.jars(), place.taskManagers, from, loader);
    }
    RemoteFlink cluster = RemoteFlink.connect(Target.of(place.elsewhere.target), loader);
    try {
      int free = cluster.freeSlots();
      if (free < spec.parallelism().slots()) {
        System.out.printf(
            "The job takes %d task slots and %d are free: it waits for more.%n",
            spec.parallelism().slots(), free);
      }
      return RunningJob.start(cluster, spec, submission, classes.jars(), from, loader);
    } catch (IOException | InterruptedException | RuntimeException e) {
      cluster.close();
      throw e;
    }
  }

  private static Progress watch(TrainingRun run, ProgressLine line) throws Exception {
    try {
      while (!run.await(REFRESH)) {
        run.job()
            .newFailure()
            .ifPresent(reason -> line.message("Restarting from the newest checkpoint: " + reason));
        line.show(run.job().progress().line());
      }
      return run.job().progress();
    } catch (JobFailedException e) {
      if (!Shutdown.isUnderWay()) {
        run.job()
            .newestCheckpoint()
            .ifPresent(checkpoint -> line.message("Go on with: --restore " + checkpoint));
      }
      throw e;
    }
  }

  private static void onInterrupt(@Nullable TrainingRun run) {
    if (Shutdown.isUnderWay() && run != null) {
      System.out.println();
      System.out.println(
          run.job()
              .newestCheckpoint()
              .map(checkpoint -> "Stopped. Go on with: --restore " + checkpoint)
              .orElse("Stopped before the first checkpoint."));
    }
  }

  private static String json(RunningJob job, Progress last, double seconds) throws IOException {
    ObjectMapper json = new ObjectMapper();
    ObjectNode result = json.createObjectNode();
    result.put("records", last.records());
    result.put("seconds", Math.round(seconds * 1_000) / 1_000.0);
    result.put("rounds", last.round());
    result.put("deadLetters", last.deadLetters());
    result.put("versions", job.versions().complete().size());
    result.put("newestVersion", last.version());
    result.put("versionDirectory", job.versions().root().toAbsolutePath().toString());
    return json.writeValueAsString(result);
  }
}
