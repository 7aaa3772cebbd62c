package io.tapestream.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tapestream.files.VersionDirectory;
import io.tapestream.jobs.embedded.EmbeddedKafka;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The commands as processes of their own, against a broker that is already there. */
@Timeout(300)
@DisabledOnOs(OS.WINDOWS)
class CommandLineStoryTest {
  private static final String MODEL =
      """
      package com.example;

      import io.tapestream.layers.*;
      import io.tapestream.models.Model;
      import io.tapestream.tensor.Tensor;

      public final class Line extends Model {
        private final Dense dense = new Dense(1);

        @Override
        protected Tensor call(Tensor x, Context context) {
          return dense.apply(x, context);
        }
      }
      """;
  private static final int ROWS = 1_000;

  @TempDir private Path directory;

  private record Run(int exit, String out) {
    String lastLine() {
      List<String> lines = out.lines().toList();
      return lines.get(lines.size() - 1);
    }
  }

  /** How a process is asked to stop. */
  private enum Stop {
    /** Ctrl-C. */
    INT(130),
    /** What stops a process that was started in the background, where Ctrl-C is ignored. */
    TERM(143);

    final int exit;

    Stop(int exit) {
      this.exit = exit;
    }

    /** The one that processes started from here listen to: whoever ignores SIGINT bequeaths it. */
    static Stop here() throws IOException {
      Path status = Path.of("/proc/self/status");
      if (!Files.exists(status)) {
        return INT;
      }
      for (String line : Files.readAllLines(status)) {
        if (line.startsWith("SigIgn:")) {
          long ignored = Long.parseUnsignedLong(line.substring(7).trim(), 16);
          return (ignored & 0b10) == 0 ? INT : TERM;
        }
      }
      return INT;
    }
  }

  private final List<Process> started = new ArrayList<>();

  @AfterEach
  void reap() {
    started.forEach(Process::destroyForcibly);
  }

  @Test
  void aModelOfOnesOwnTrainsFromATableIsStoppedGoesOnAndAnswers() throws Exception {
    Path jar = jar();
    Path table = table();
    try (EmbeddedKafka kafka = EmbeddedKafka.start()) {
      String bootstrap = kafka.bootstrapServers();
      Path job = job(bootstrap);

      Run missing = run("train", job.toString(), "--jar", jar.toString());
      assertThat(missing.out()).contains("there is no topic \"points\"", "tapestream feed");
      assertThat(missing.exit()).isEqualTo(2);

      feed(bootstrap, table);
      Path tooFar =
          Files.writeString(
              directory.resolve("too-far.yaml"),
              Files.readString(job).replace("stop:", "start: offset 9999, stop:")
                  + "restart: {attempts: 1, delay: 3 s}\n");
      Run failed = run("train", tooFar.toString(), "--jar", jar.toString());
      assertThat(failed.exit()).as(failed.out()).isEqualTo(1);
      assertThat(failed.out())
          .contains("Restarting from the newest checkpoint: The source can't start: partition")
          .contains("can't be read from offset 9999: the broker holds offsets 0 up to 250")
          .containsSubsequence("tapestream: job points failed", "  because: The source can't")
          .doesNotContain("OperatorCoordinator", "Exception");

      Process training = start("live", "train", job.toString(), "--jar", jar.toString());
      awaitRecords(training, ROWS);
      Stop stop = Stop.here();
      new ProcessBuilder("kill", "-" + stop, String.valueOf(training.pid())).start().waitFor();
      Run interrupted = finish("live", training);
      assertThat(interrupted.out()).contains("4 partitions × 10 = 40 examples a round");
      Matcher restore = Pattern.compile("--restore (\\S+)").matcher(interrupted.out());
      assertThat(restore.find()).as(interrupted.out()).isTrue();
      assertThat(interrupted.exit()).isEqualTo(stop.exit);

      feed(bootstrap, table);
      Run restored =
          run(
              "train",
              job.toString(),
              "--jar",
              jar.toString(),
              "--restore",
              restore.group(1),
              "--output",
              "json");
      assertThat(restored.exit()).as(restored.out()).isZero();
      JsonNode result = new ObjectMapper().readTree(restored.lastLine());
      assertThat(result.path("records").longValue()).isEqualTo(2 * ROWS);

      Run predicted =
          run(
              "predict",
              "--name",
              "points",
              "--directory",
              directory.resolve("models").toString(),
              "--jar",
              jar.toString(),
              "--json",
              "[[0.5, 0.25]]",
              "--output",
              "json");
      JsonNode prediction = new ObjectMapper().readTree(predicted.lastLine());
      assertThat(prediction.path("predictions").path(0).path(0).doubleValue())
          .isBetween(0.65, 0.85); // a + b
    }
  }

  private void feed(String bootstrap, Path table) throws Exception {
    Run fed =
        run(
            "feed",
            "--bootstrap",
            bootstrap,
            "--topic",
            "points",
            "--csv",
            table.toString(),
            "--label",
            "y");
    assertThat(fed.exit()).as(fed.out()).isZero();
    assertThat(fed.out()).contains("Fed 1,000 examples in 1,000 records");
  }

  private void awaitRecords(Process training, long records) throws Exception {
    VersionDirectory versions = new VersionDirectory(directory.resolve("models"), "points");
    while (versions.newest().isEmpty()
        || versions.manifest(versions.newest().getAsLong()).records() < records) {
      assertThat(training.waitFor(50, TimeUnit.MILLISECONDS))
          .as(() -> "ended early: " + output("live"))
          .isFalse();
    }
  }

  /** y = a + b, learned from a and b. */
  private Path table() throws IOException {
    StringBuilder csv = new StringBuilder("a,b,y\n");
    for (int i = 0; i < ROWS; i++) {
      double a = (i * 37 % 101) / 101.0;
      double b = (i * 53 % 89) / 89.0;
      csv.append(a).append(',').append(b).append(',').append(a + b).append('\n');
    }
    return Files.writeString(directory.resolve("points.csv"), csv);
  }

  /** Ends after what is fed in two times. */
  private Path job(String bootstrap) throws IOException {
    return Files.writeString(
        directory.resolve("job.yaml"),
        """
        name: points
        source: {bootstrap: "%s", topic: points, stop: offset %d}
        input: {features: [a, b], shape: [2]}
        model: {class: com.example.Line}
        loss: MeanSquaredError
        optimizer: {type: Sgd, learningRate: 0.5}
        batchSize: 10
        parallelism: {trainers: 2}
        checkpoints: {interval: 1 s, directory: '%s'}
        publish: {directory: '%s'}
        """
            .formatted(
                bootstrap,
                2 * ROWS / 4,
                directory.resolve("checkpoints"),
                directory.resolve("models")));
  }

  private Path jar() throws IOException {
    Path source = Files.writeString(directory.resolve("Line.java"), MODEL);
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    int compiled =
        compiler.run(
            null,
            null,
            null,
            "-proc:none",
            "-cp",
            System.getProperty("java.class.path"),
            "-d",
            directory.resolve("classes").toString(),
            source.toString());
    assertThat(compiled).isZero();
    Path jar = directory.resolve("line.jar");
    try (OutputStream file = Files.newOutputStream(jar);
        JarOutputStream out = new JarOutputStream(file)) {
      out.putNextEntry(new JarEntry("com/example/Line.class"));
      out.write(Files.readAllBytes(directory.resolve("classes/com/example/Line.class")));
      out.closeEntry();
    }
    return jar;
  }

  private Run run(String... arguments) throws Exception {
    return finish(arguments[0], start(arguments[0], arguments));
  }

  private Process start(String name, String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("--add-opens=java.base/java.nio=ALL-UNNAMED", "-Xmx1g"));
    command.addAll(
        List.of(
            "--add-opens=java.base/java.util=ALL-UNNAMED",
            "--add-opens=java.base/java.lang=ALL-UNNAMED"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve(name + ".out").toFile())
            .start();
    started.add(process);
    return process;
  }

  private Run finish(String name, Process process) throws Exception {
    assertThat(process.waitFor(120, TimeUnit.SECONDS)).as(() -> output(name)).isTrue();
    return new Run(process.exitValue(), output(name));
  }

  private String output(String name) {
    try {
      return Files.readString(directory.resolve(name + ".out"));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
