package io.tapestream.stories;

import io.tapestream.benchmarks.chaos.Workload;
import io.tapestream.files.VersionDirectory;
import io.tapestream.files.VersionWeights;
import io.tapestream.jobs.LocalJob;
import io.tapestream.jobs.RunningJob;
import io.tapestream.jobs.Submission;
import io.tapestream.jobs.TrainingRun;
import io.tapestream.jobs.spec.JobSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A job specification under way: keys are set by their path, as they stand in YAML. */
final class Story {
  /** How long any job of a story may take before the story has failed. */
  static final Duration PATIENCE = Duration.ofMinutes(3);

  /** Between two looks at a job. */
  static final Duration PAUSE = Duration.ofMillis(20);

  private final Map<String, String> keys = new LinkedHashMap<>();
  private final Path directory;

  private @Nullable Path replayed;

  private Story(Path directory) {
    this.directory = directory;
  }

  /** A job that reads what the topic holds at its start, and ends. */
  static Story of(Topic topic, Path directory) {
    Story story = new Story(directory);
    return story
        .with("name", "story")
        .with("source.bootstrap", topic.bootstrap())
        .with("source.topic", topic.name())
        .with("source.stop", "latest")
        .with("checkpoints.interval", "300 ms")
        .with("checkpoints.directory", directory.resolve("checkpoints").toString())
        .with("publish.directory", directory.resolve("versions").toString())
        .with("restart.delay", "50 ms");
  }

  /** The counting model over one-hot records of this width. */
  Story counting(int width) {
    return with("input.features", "[x]")
        .with("input.shape", "[" + width + "]")
        .with("model.class", CountingModel.class.getName())
        .with("loss", "{type: SumLoss}")
        .with("optimizer", "{type: Sgd, learningRate: 1.0}")
        .with("metrics", "[]");
  }

  /** What the chaos suite learns, made for so many records, its model in four blocks. */
  Story learning(Workload workload, int records) {
    for (String line : workload.model(records).lines().toList()) {
      String[] key = line.split(": ", 2);
      with(key[0], key[1]);
    }
    return with("parallelism.blockFloats", workload.blockFloats(records));
  }

  /** Sets a key, or another value for it. */
  Story with(String key, Object value) {
    keys.put(key, value.toString());
    return this;
  }

  Path directory() {
    return directory;
  }

  VersionDirectory versions() {
    return new VersionDirectory(directory.resolve("versions"), "story");
  }

  JobSpec spec() throws Exception {
    return JobSpec.parse(yaml(), "story.yaml");
  }

  String yaml() {
    StringBuilder yaml = new StringBuilder();
    Map<String, StringBuilder> sections = new LinkedHashMap<>();
    keys.forEach(
        (key, value) -> {
          int dot = key.indexOf('.');
          if (dot < 0) {
            yaml.append(key).append(": ").append(value).append('\n');
          } else {
            sections
                .computeIfAbsent(key.substring(0, dot), s -> new StringBuilder(s + ":\n"))
                .append("  " + key.substring(dot + 1) + ": " + value + "\n");
          }
        });
    sections.values().forEach(yaml::append);
    return yaml.toString();
  }

  /** Repeats the decisions of a version. */
  Story replaying(Path version) {
    replayed = version;
    return this;
  }

  /** Starts the job on a cluster of its own with this many task managers. */
  LocalJob start(int taskManagers, @Nullable String restore) throws Exception {
    Submission submission = resolve();
    return start(taskManagers, restore == null ? submission : submission.restored(), restore);
  }

  private LocalJob start(int taskManagers, Submission submission, @Nullable String restore)
      throws Exception {
    return LocalJob.start(
        spec(), submission, List.of(), taskManagers, restore, Story.class.getClassLoader());
  }

  private Submission resolve() throws Exception {
    Submission submission = Submission.of(spec(), Story.class.getClassLoader());
    return replayed == null ? submission : submission.replaying(replayed);
  }

  /** Runs the job as the command line does, which submits it again where that is called for. */
  TrainingRun train(Consumer<String> news) throws Exception {
    TrainingRun.Submitter submitter =
        new TrainingRun.Submitter() {
          @Override
          public Submission resolve() throws Exception {
            return Story.this.resolve();
          }

          @Override
          public RunningJob start(Submission submission, @Nullable String restore)
              throws Exception {
            return Story.this.start(1, submission, restore);
          }
        };
    return TrainingRun.start(submitter, spec(), null, news);
  }

  /** Runs the job to its end and gives the newest version's weights, all tensors in their order. */
  float[] run() throws Exception {
    try (LocalJob job = start(1, null)) {
      await(job);
      return newestWeights();
    }
  }

  /** Waits for a bounded job's end. */
  static void await(RunningJob job) throws Exception {
    if (!job.await(PATIENCE)) {
      throw new AssertionError("the job has not ended after " + PATIENCE);
    }
  }

  /** Waits until something holds; asks a hundred times a second. */
  static void until(String what, Callable<Boolean> holds) throws Exception {
    Instant end = Instant.now().plus(PATIENCE);
    while (!holds.call()) {
      if (Instant.now().isAfter(end)) {
        throw new AssertionError("waited " + PATIENCE + " until " + what);
      }
      Thread.sleep(10);
    }
  }

  /** Records that the newest version has learned from; 0 without one. */
  long learned() throws Exception {
    OptionalLong newest = versions().newest();
    return newest.isPresent() ? versions().manifest(newest.getAsLong()).records() : 0;
  }

  float[] newestWeights() throws Exception {
    return weights(versions().newest().orElseThrow());
  }

  /** A version's weights, its tensors one after the other in their order. */
  float[] weights(long version) throws Exception {
    return VersionWeights.read(versions().path(version), versions().manifest(version)).flat();
  }
}
