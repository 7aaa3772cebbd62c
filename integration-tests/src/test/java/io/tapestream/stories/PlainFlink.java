package io.tapestream.stories;

import com.fasterxml.jackson.databind.JsonNode;
import io.tapestream.jobs.cluster.FlinkRest;
import io.tapestream.jobs.embedded.FreePorts;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.GlobalConfiguration;
import org.apache.flink.runtime.clusterframework.TaskExecutorProcessSpec;
import org.apache.flink.runtime.clusterframework.TaskExecutorProcessUtils;
import org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint;
import org.apache.flink.runtime.taskexecutor.TaskManagerRunner;
import org.apache.flink.runtime.util.config.memory.ProcessMemoryUtils;

/**
 * A session cluster of Flink alone, as others run theirs: Flink's entry points in processes of
 * their own, its jars, and a configuration that knows nothing of Tapestream.
 */
final class PlainFlink implements AutoCloseable {
  /** What a distribution of Flink 2.2 has in its lib folder, most of it in one jar. */
  private static final Pattern FLINK =
      Pattern.compile(
          ".*/org/apache/flink/flink-(?!connector-|test-|metrics-prometheus).*"
              + "|.*/(snakeyaml-engine|kryo|reflectasm|objenesis|minlog|javassist|async-profiler"
              + "|frocksdbjni|snappy-java|lz4-java|jsr305|slf4j-api|slf4j-simple)-[^/]*"
              + "|.*/commons-(cli|codec|collections|compress|io|lang3|math3|text)-[^/]*");

  /**
   * What the README's commands put beside it: model-core and the libraries that it alone brings.
   */
  private static final Pattern MODEL_CORE =
      Pattern.compile(
          ".*/model-core/.*|.*/org/nd4j/.*|.*/org/bytedeco/.*|.*/com/fasterxml/jackson/core/.*"
              + "|.*/(flatbuffers-java|commons-collections4|jspecify)-[^/]*");

  /** Flags of Java for a process that lives for some seconds. */
  static final List<String> QUICK_START = List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");

  private final Path directory;
  private final int port = FreePorts.next();
  private final List<Process> started = new ArrayList<>();

  private PlainFlink(Path directory) {
    this.directory = directory;
  }

  /**
   * Starts a job manager and waits until it answers.
   *
   * @param modelCore whether its lib folder has what the README asks for
   */
  static PlainFlink start(Path directory, boolean modelCore) throws Exception {
    PlainFlink flink = new PlainFlink(Files.createDirectories(directory));
    flink.configure();
    flink.launch(
        "job-manager",
        modelCore,
        List.of("-Xmx256m"),
        StandaloneSessionClusterEntrypoint.class,
        List.of());
    Story.until("the job manager answers", () -> flink.overview("taskmanagers") == 0);
    return flink;
  }

  private void configure() throws IOException {
    Map<String, String> settings =
        Map.of(
            "jobmanager.rpc.address", "127.0.0.1",
            "jobmanager.rpc.port", String.valueOf(FreePorts.next()),
            "rest.address", "127.0.0.1",
            "rest.port", String.valueOf(port),
            "io.tmp.dirs", directory.toString(),
            "jobmanager.memory.process.size", "1 gb",
            "taskmanager.host", "127.0.0.1",
            "taskmanager.memory.process.size", "1500 mb",
            "taskmanager.numberOfTaskSlots", "2");
    Files.write(
        directory.resolve("config.yaml"),
        settings.entrySet().stream()
            .map(setting -> setting.getKey() + ": " + setting.getValue())
            .toList());
  }

  /**
   * Starts a task manager and waits until its slots are offered.
   *
   * @param modelCore whether its lib folder has what the README asks for
   */
  Process startTaskManager(boolean modelCore) throws Exception {
    // What Flink's script does: the sizes of all parts of the memory follow from the process's.
    Configuration settings = GlobalConfiguration.loadConfiguration(directory.toString());
    TaskExecutorProcessSpec memory = TaskExecutorProcessUtils.processSpecFromConfig(settings);
    List<String> java = new ArrayList<>(words(ProcessMemoryUtils.generateJvmParametersStr(memory)));
    Process process =
        launch(
            "task-manager-" + started.size(),
            modelCore,
            java,
            TaskManagerRunner.class,
            words(TaskExecutorProcessUtils.generateDynamicConfigsStr(memory)));
    Story.until(
        "the task manager's slots are offered",
        () -> {
          if (!process.isAlive()) {
            throw new AssertionError("the task manager has ended; see " + directory);
          }
          return overview("slots-available") > 0;
        });
    return process;
  }

  /** Ends a task manager, and waits until the job manager knows. */
  void stop(Process taskManager) throws Exception {
    taskManager.destroy();
    taskManager.waitFor();
    Story.until("the task manager is gone", () -> overview("taskmanagers") == 0);
  }

  private static List<String> words(String text) {
    return List.of(text.trim().split("\\s+", -1));
  }

  private Process launch(
      String name, boolean modelCore, List<String> java, Class<?> main, List<String> arguments)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(java);
    command.addAll(QUICK_START);
    command.addAll(List.of(main.getName(), "--configDir", directory.toString()));
    command.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(command);
    String lib =
        Arrays.stream(classPath().split(File.pathSeparator, -1))
            .filter(
                jar ->
                    FLINK.matcher(jar).matches()
                        || (modelCore && MODEL_CORE.matcher(jar).matches()))
            .collect(Collectors.joining(File.pathSeparator));
    builder.environment().put("CLASSPATH", lib);
    builder.environment().remove("OMP_NUM_THREADS");
    builder.redirectErrorStream(true);
    builder.redirectOutput(directory.resolve(name + ".log").toFile());
    Process process = builder.start();
    started.add(process);
    return process;
  }

  /** Everything that this build knows. */
  static String classPath() {
    String tests = System.getProperty("surefire.test.class.path"); // behind a jar of one manifest
    return tests != null ? tests : System.getProperty("java.class.path");
  }

  URI address() {
    return URI.create("http://127.0.0.1:" + port);
  }

  private int overview(String count) throws InterruptedException {
    try {
      JsonNode overview = new FlinkRest(address()).get("/overview");
      return overview.path(count).asInt(-1);
    } catch (IOException notYet) {
      return -1;
    }
  }

  /** Ends all that was started. */
  @Override
  public void close() {
    started.forEach(Process::destroy);
    for (Process process : started) {
      process.onExit().completeOnTimeout(process, 10, TimeUnit.SECONDS).join();
      process.destroyForcibly().onExit().join();
    }
  }
}
