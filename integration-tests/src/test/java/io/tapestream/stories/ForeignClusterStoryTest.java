package io.tapestream.stories;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tapestream.files.Manifest;
import io.tapestream.files.VersionDirectory;
import io.tapestream.jobs.JobFailedException;
import io.tapestream.jobs.Reasons;
import io.tapestream.jobs.RunningJob;
import io.tapestream.jobs.Submission;
import io.tapestream.jobs.cli.Main;
import io.tapestream.jobs.cluster.RemoteFlink;
import io.tapestream.jobs.spec.JobSpec;
import io.tapestream.schemas.DenseFeatures;
import io.tapestream.schemas.avro.TrainingExample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * The command line against a Flink cluster that somebody else set up: nothing but what the README
 * says it must have, no setting and no flag of ours.
 */
class ForeignClusterStoryTest {
  private static final int RECORDS = 800;
  private static final int PARTITIONS = 2;

  @RegisterExtension static final Broker BROKER = new Broker();

  @TempDir Path directory;
  private final List<Process> commands = new ArrayList<>();

  @AfterEach
  void reap() {
    commands.forEach(Process::destroyForcibly);
  }

  /** y = a + b. */
  private static TrainingExample example(int i) {
    float[] x = {i * 37 % 101 / 101f, i * 53 % 89 / 89f};
    return Topic.example(i, x[0] + x[1], List.of(DenseFeatures.floats("x", x, 2)));
  }

  @Test
  void a_model_learns_there_and_goes_on_from_its_savepoint_and_a_bare_task_manager_is_told_of()
      throws Exception {
    Topic topic = BROKER.topic(PARTITIONS);
    Path job = job(topic);
    topic.writeAvro(0, RECORDS / 2, ForeignClusterStoryTest::example);
    try (PlainFlink flink = PlainFlink.start(directory.resolve("flink"), true)) {
      Process taskManager = flink.startTaskManager(true);
      String target = flink.address().toString();

      run("train", "--target", target, "--detached", job.toString());
      Story.until("half of it is learned", () -> learned() == RECORDS / 2);
      assertThatThrownBy(() -> stopWithoutASavepointDirectory(flink))
          .hasMessageContaining("say where with --directory");
      String saved =
          run("savepoint", "sum", "--target", target, "--stop", "--directory", savepoints());
      Matcher restore = Pattern.compile("--restore (\\S+)").matcher(saved);
      assertThat(restore.find()).as(saved).isTrue();

      topic.writeAvro(RECORDS / 2, RECORDS, ForeignClusterStoryTest::example);
      run("train", "--target", target, "--restore", restore.group(1), job.toString());
      assertThat(newest().records()).isEqualTo(RECORDS);
      assertThat(newest().metrics().get("loss")).as("squared error").isLessThan(0.01);

      flink.stop(taskManager);
      flink.startTaskManager(false);
      assertThat(failure(flink, job)).anyMatch(ForeignClusterStoryTest::tellsWhatLacks);
    }
  }

  @Test
  void a_cluster_without_model_core_is_told_what_it_lacks() throws Exception {
    try (PlainFlink flink = PlainFlink.start(directory.resolve("flink"), false)) {
      assertThat(failure(flink, job(BROKER.topic(PARTITIONS))))
          .singleElement()
          .matches(ForeignClusterStoryTest::tellsWhatLacks);
    }
  }

  private static boolean tellsWhatLacks(String reason) {
    return reason.matches(
        "the cluster's class path lacks io\\.tapestream\\..* on the job manager and on each task"
            + " manager, as the README says under \"On a cluster\".*");
  }

  /** Why a job can't run there. */
  private List<String> failure(PlainFlink flink, Path job) throws Exception {
    ClassLoader loader = getClass().getClassLoader();
    JobSpec spec = JobSpec.read(job);
    RemoteFlink cluster = RemoteFlink.connect(flink.address(), loader);
    Submission submission = Submission.of(spec, loader);
    try (RunningJob running =
        RunningJob.start(cluster, spec, submission, List.of(), null, loader)) {
      JobFailedException failed =
          assertThrows(JobFailedException.class, () -> running.await(Story.PATIENCE));
      return Reasons.of(failed.getCause());
    }
  }

  private void stopWithoutASavepointDirectory(PlainFlink flink) throws Exception {
    try (RemoteFlink cluster = RemoteFlink.connect(flink.address(), getClass().getClassLoader())) {
      cluster.savepoint(cluster.find("sum"), null, true);
    }
  }

  private Path job(Topic topic) throws IOException {
    String yaml =
        """
        name: sum
        source: {bootstrap: "%s", topic: %s, stop: offset %d}
        input: {features: [x], shape: [2]}
        model: {layers: [{type: Dense, units: 1}]}
        loss: MeanSquaredError
        optimizer: {type: Sgd, learningRate: 0.3}
        batchSize: 4
        parallelism: {trainers: 2, shards: 2, blockFloats: 2}
        restart: {attempts: 1, delay: 100 ms}
        checkpoints: {interval: 500 ms, directory: '%s'}
        publish: {directory: '%s'}
        """
            .formatted(
                topic.bootstrap(),
                topic.name(),
                RECORDS / PARTITIONS,
                directory.resolve("checkpoints"),
                directory.resolve("models"));
    return Files.writeString(directory.resolve("sum.yaml"), yaml);
  }

  private String savepoints() {
    return directory.resolve("savepoints").toString();
  }

  private VersionDirectory versions() {
    return new VersionDirectory(directory.resolve("models"), "sum");
  }

  private long learned() throws IOException {
    return versions().newest().isEmpty() ? 0 : newest().records();
  }

  private Manifest newest() throws IOException {
    return versions().manifest(versions().newest().orElseThrow());
  }

  /** What a command prints that ends well. */
  private String run(String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx512m");
    command.addAll(PlainFlink.QUICK_START);
    command.add(Main.class.getName());
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("CLASSPATH", PlainFlink.classPath());
    Path out = directory.resolve("command-" + commands.size());
    Process process = builder.redirectErrorStream(true).redirectOutput(out.toFile()).start();
    commands.add(process);
    assertThat(process.waitFor(Story.PATIENCE.toSeconds(), TimeUnit.SECONDS))
        .as(Files.readString(out))
        .isTrue();
    assertThat(process.exitValue()).as(Files.readString(out)).isZero();
    return Files.readString(out);
  }
}
