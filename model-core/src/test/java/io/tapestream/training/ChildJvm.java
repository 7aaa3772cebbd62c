package io.tapestream.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.backend.Backends;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs a class of the tests in a JVM of its own, with flags of its own. */
final class ChildJvm {

  /** What it wrote: results, and what it logged. */
  record Written(List<String> out, String log) {}

  /**
   * Runs a main class to its end.
   *
   * @param directory for what it writes
   * @param flags of the JVM
   */
  static Written run(Path directory, Class<?> main, List<String> flags, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(flags);
    String backend = System.getProperty(Backends.PROPERTY);
    if (backend != null && flags.stream().noneMatch(flag -> flag.contains(Backends.PROPERTY))) {
      command.add("-D" + Backends.PROPERTY + "=" + backend);
    }
    String classes = System.getProperty("java.class.path");
    command.addAll(List.of("-cp", System.getProperty("surefire.test.class.path", classes)));
    command.add(main.getName());
    command.addAll(List.of(arguments));
    Path out = Files.createTempFile(directory, "out", ".txt");
    Path log = Files.createTempFile(directory, "log", ".txt");
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(log.toFile())
            .start();
    try {
      assertThat(process.waitFor(1, TimeUnit.HOURS)).as("it ended").isTrue();
    } finally {
      process.destroyForcibly();
    }
    String logged = Files.readString(log, StandardCharsets.UTF_8);
    assertThat(process.exitValue()).as(logged).isZero();
    return new Written(Files.readAllLines(out, StandardCharsets.UTF_8), logged);
  }

  private ChildJvm() {}
}
