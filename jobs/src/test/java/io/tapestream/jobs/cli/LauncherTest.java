package io.tapestream.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** {@code bin/tapestream} in a repository of empty files, with a java and a mvn that only tell. */
@Timeout(60)
@DisabledOnOs(OS.WINDOWS)
class LauncherTest {
  private static final List<String> MODULES =
      List.of("model-core", "parameter-server", "schemas", "operators", "serving", "jobs");

  @TempDir private Path temporary;
  private Path home;
  private Path tools;

  private record Run(int exit, String out, String err) {}

  @BeforeEach
  void makeARepository() throws IOException {
    home = Files.createDirectories(temporary.resolve("a home"));
    tools = Files.createDirectories(temporary.resolve("tools"));
    Files.createDirectories(home.resolve("bin"));
    Path script = Path.of("").toAbsolutePath().resolve("../bin/tapestream").normalize();
    Files.copy(script, home.resolve("bin/tapestream"));
    assertThat(home.resolve("bin/tapestream").toFile().setExecutable(true)).isTrue();
    write(home.resolve("pom.xml"), "");
    for (String module : MODULES) {
      write(home.resolve(module + "/pom.xml"), "");
      write(home.resolve(module + "/src/main/A.java"), "");
    }
    java("17.0.1");
    tool(
        "mvn",
        """
        echo "mvn $*" >&2
        mkdir -p jobs/target/launcher
        echo a.jar > jobs/target/launcher/classpath
        """);
    for (String needed : List.of("bash", "sed", "find", "dirname", "readlink", "mkdir", "touch")) {
      tool(needed, "exec " + findOnPath(needed) + " \"$@\"");
    }
  }

  @Test
  void itBuildsWhatIsMissingOnceAndAgainWhenASourceIsNewer() throws Exception {
    assertThat(run(temporary, "show").err()).contains("mvn -B -q").contains("-pl jobs -am package");
    assertThat(run(temporary, "show").err()).isEmpty();
    Path source = home.resolve("operators/src/main/A.java");
    Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(60)));
    assertThat(run(temporary, "show").err()).contains("mvn -B -q");
  }

  @Test
  void argumentsArriveUntouchedFromAnyDirectoryAndThroughALink() throws Exception {
    Path link = temporary.resolve("elsewhere/tapestream");
    Files.createDirectories(link.getParent());
    Files.createSymbolicLink(link, Path.of("../a home/bin/tapestream"));
    Run run = run(link, Map.of(), temporary, "train", "my job.yaml", "*", "", "--x=$HOME");
    assertThat(run.exit()).isZero();
    assertThat(run.out().lines())
        .containsSubsequence(
            "[io.tapestream.jobs.cli.Main]",
            "[train]",
            "[my job.yaml]",
            "[*]",
            "[]",
            "[--x=$HOME]");
    assertThat(run.out()).contains("OMP_NUM_THREADS=1").contains("jobs/target/jobs.jar:a.jar");
  }

  @Test
  void flagsForTheJavaProcessCanBeAdded() throws Exception {
    Run run =
        run(
            home.resolve("bin/tapestream"),
            Map.of("TAPESTREAM_JAVA_OPTS", "-Xmx4g -Da=b"),
            temporary,
            "show");
    assertThat(run.out().lines()).containsSubsequence("[-Xmx4g]", "[-Da=b]", "[show]");
  }

  @Test
  void anotherJavaAndAMissingToolAreNamed() throws Exception {
    java("11.0.2");
    assertThat(run(temporary, "show").err()).contains("is Java 11 and Tapestream needs JDK 17");
    java("17.0.1");
    Files.delete(tools.resolve("mvn"));
    assertThat(run(temporary, "show").err()).contains("no mvn on the PATH");
    Files.delete(tools.resolve("java"));
    Run run = run(temporary, "show");
    assertThat(run.err()).contains("no java on the PATH");
    assertThat(run.exit()).isEqualTo(2);
    assertThat(
            run(home.resolve("bin/tapestream"), Map.of("JAVA_HOME", "/nowhere"), temporary, "show")
                .err())
        .contains("there is no /nowhere/bin/java");
  }

  @Test
  void aFailedBuildStartsNothing() throws Exception {
    tool("mvn", "echo broken >&2; exit 1");
    Run run = run(temporary, "show");
    assertThat(run.exit()).isEqualTo(2);
    assertThat(run.err()).contains("broken").contains("the build failed");
    assertThat(run.out()).isEmpty();
  }

  private Run run(Path directory, String... arguments) throws Exception {
    return run(home.resolve("bin/tapestream"), Map.of(), directory, arguments);
  }

  private Run run(Path script, Map<String, String> environment, Path directory, String... arguments)
      throws Exception {
    List<String> command =
        Stream.concat(Stream.of(script.toString()), Stream.of(arguments)).toList();
    ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
    Path out = Files.createTempFile(temporary, "out", "");
    Path err = Files.createTempFile(temporary, "err", "");
    builder.redirectOutput(out.toFile()).redirectError(err.toFile());
    builder.environment().clear();
    builder.environment().put("PATH", tools.toString());
    builder.environment().put("HOME", temporary.toString());
    builder.environment().putAll(environment);
    Process process = builder.start();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    return new Run(process.exitValue(), Files.readString(out), Files.readString(err));
  }

  private void java(String version) throws IOException {
    tool(
        "java",
        """
        if [[ $1 == -version ]]; then echo 'openjdk version "%s" 2021-10-19' >&2; exit; fi
        echo "OMP_NUM_THREADS=$OMP_NUM_THREADS"
        printf '[%%s]\\n' "$@"
        """
            .formatted(version));
  }

  private void tool(String name, String body) throws IOException {
    Path file = tools.resolve(name);
    write(file, "#!" + findOnPath("bash") + "\n" + body);
    assertThat(file.toFile().setExecutable(true)).isTrue();
  }

  private static void write(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.write(file, text.getBytes(StandardCharsets.UTF_8));
  }

  private static Path findOnPath(String tool) {
    return Stream.of(System.getenv("PATH").split(":", -1))
        .map(directory -> Path.of(directory, tool))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("no " + tool + " on the PATH"));
  }
}
