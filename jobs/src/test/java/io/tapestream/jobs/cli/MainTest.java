package io.tapestream.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.jobs.cluster.LocalCluster;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class MainTest {
  private static final String JOB =
      """
      name: fashion
      source: {bootstrap: localhost:9092, topic: images}
      input: {features: [image], shape: [28, 28, 1]}
      model: {class: com.example.LeNet}
      loss: SparseCategoricalCrossEntropy
      publish: {directory: models}
      """;

  @TempDir private Path directory;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... arguments) {
    CommandLine line = Main.commandLine();
    line.setOut(new PrintWriter(out, true));
    line.setErr(new PrintWriter(err, true));
    return line.execute(arguments);
  }

  @Test
  void helpListsTheCommandsAndTheExitCodes() {
    assertThat(run("--help")).isZero();
    assertThat(out.toString())
        .contains("Usage: tapestream")
        .contains("demo", "train", "feed", "serve", "predict", "show")
        .contains("Exit codes:")
        .contains("130");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "demo",
        "train",
        "feed",
        "serve",
        "predict",
        "show",
        "export",
        "cluster",
        "rollback",
        "label",
        "pin",
        "unpin",
        "diff",
        "keygen"
      })
  void everyCommandHasItsHelp(String command) {
    assertThat(run(command, "--help")).isZero();
    assertThat(out.toString()).contains("Usage: tapestream " + command);
    assertThat(out.toString()).doesNotContain("DEFAULT-VALUE");
  }

  @Test
  void aMistakeOnTheCommandLineEndsWithTwo() {
    assertThat(run("shwo", "x")).isEqualTo(2);
    assertThat(err.toString()).contains("shwo", "show", "See: tapestream --help");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--tls-key key.pem                    | --tls-certificate and --tls-key need each other",
        "--tls-keystore s.p12                 | needs its password in the environment as"
            + " TAPESTREAM_KEYSTORE_PASSWORD",
        "--tls-keystore s.p12 --tls-key k.pem | not both",
        "--max-requests 0                     | requests is 0: give at least 1",
        "--deadline 0                         | patience is PT0S: give a positive time",
        "--batch=-1                           | maxRows is -1",
        "--announcements versions             | --bootstrap",
      })
  void aServerThatCantBeMeantIsRefused(String options, String reason) {
    List<String> arguments = new ArrayList<>(List.of("serve", directory.toString(), "--name", "x"));
    arguments.addAll(List.of(options.split(" ")));
    assertThat(run(arguments.toArray(String[]::new))).isEqualTo(2);
    assertThat(err.toString()).contains(reason);
  }

  @Test
  void aJobFileIsShownWithItsDefaults() throws IOException {
    Path job = Files.writeString(directory.resolve("job.yaml"), JOB);
    assertThat(run("show", job.toString())).isZero();
    assertThat(out.toString().lines())
        .anyMatch(line -> line.matches("source.topic +images"))
        .anyMatch(line -> line.matches("batchSize +32 +\\(default\\)"))
        .anyMatch(line -> line.matches("publish.name +fashion +\\(default\\)"))
        .noneMatch(line -> line.startsWith("model.layers"));
  }

  @Test
  void theCommandsOfAClusterHaveTheirHelpAndSayWhenThereIsNone() {
    assertThat(run("cluster", "up", "--help")).isZero();
    assertThat(out.toString()).contains("Usage: tapestream cluster up", "--high-availability");
    assertThat(run("cluster")).isEqualTo(2);
    assertThat(err.toString()).contains("say up, down or status");
    String nowhere = directory.resolve("nowhere").toString();
    assertThat(run("cluster", "status", "--directory", nowhere)).isEqualTo(1);
    assertThat(out.toString()).contains("No cluster of " + nowhere + " is up");
  }

  @Test
  void aClusterIsStartedShownAndEnded() throws Exception {
    Path cluster = directory.resolve("cluster");
    String[] up = {"up", "--task-managers", "1", "--slots", "1", "--port", "0"};
    try {
      assertThat(cluster(cluster, up)).as("%s", err).isZero();
      assertThat(out.toString()).contains("1 task managers with 1 slots each are up", "--target");

      assertThat(cluster(cluster, "status")).as("%s", err).isZero();
      assertThat(out.toString())
          .containsPattern("job-manager +\\d+ +running since")
          .containsPattern("task-manager-1 +\\d+ +running since")
          .contains("1 task managers, 1 of 1 slots free, 0 jobs running");

      assertThat(cluster(cluster, "down")).as("%s", err).isZero();
      assertThat(out.toString()).contains("Ended job-manager, process", "Ended task-manager-1,");
      assertThat(cluster(cluster, "status")).isEqualTo(1);
    } finally {
      LocalCluster.at(cluster).down();
    }
  }

  private int cluster(Path at, String... arguments) {
    List<String> all = new ArrayList<>(List.of("cluster"));
    all.addAll(List.of(arguments));
    all.addAll(List.of("--directory", at.toString()));
    return run(all.toArray(String[]::new));
  }

  @Test
  void aMistakeInAJobFileEndsWithTwoAndNamesTheFix() throws IOException {
    Path job = Files.writeString(directory.resolve("job.yaml"), JOB.replace("topic", "topik"));
    assertThat(run("train", job.toString())).isEqualTo(2);
    assertThat(err.toString())
        .contains("line 2, source.topik: there is no such key. Did you mean \"topic\"?");
  }

  @Test
  void aDetachedJobThatWouldHaveToBeSubmittedAgainEndsWithTwo() throws IOException {
    Path job = Files.writeString(directory.resolve("job.yaml"), JOB + "guard: {then: resume}\n");
    assertThat(run("train", "--target", "127.0.0.1:1", "--detached", job.toString())).isEqualTo(2);
    assertThat(err.toString())
        .contains("job.yaml says guard.then: resume, so that train submits the job again")
        .contains("--detached", "leave one of them out");
  }

  @Test
  void aMissingFileEndsWithTwo() {
    assertThat(run("show", directory.resolve("nothing").toString())).isEqualTo(2);
    assertThat(err.toString()).contains("there is no file");
    assertThat(run("train", directory.resolve("nothing").toString())).isEqualTo(2);
  }

  @Test
  void aDirectoryWithoutVersionsSaysSo() {
    assertThat(run("show", directory.toString())).isZero();
    assertThat(out.toString()).contains("No version has been published");
  }

  @Test
  void predictAsksForExactlyOneKindOfExample() {
    assertThat(run("predict", "--name", "fashion")).isEqualTo(2);
    assertThat(run("predict", "--name", "fashion", "--json", "[]", "--csv", "a")).isEqualTo(2);
  }

  @Test
  void predictSaysHowToStartAServer() {
    int code = run("predict", "--name", "m", "--url", "http://127.0.0.1:1", "--json", "[[1]]");
    assertThat(code).isEqualTo(1);
    assertThat(err.toString()).contains("nothing answers at").contains("tapestream serve");
  }
}
