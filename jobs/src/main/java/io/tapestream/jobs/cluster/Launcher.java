package io.tapestream.jobs.cluster;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.TaskManagerOptions;

/** Starts processes of a cluster whose settings are written, each recorded in its directory. */
final class Launcher {
  private static final String LOG = "org.slf4j.simpleLogger.";

  private final ClusterDirectory directory;
  private final Configuration settings;

  Launcher(ClusterDirectory directory) throws IOException {
    this.directory = directory;
    this.settings = ClusterSettings.read(directory);
  }

  /**
   * Starts a process that outlives this one.
   *
   * @param name which says its part
   * @param arguments more of them for its main class
   */
  Process start(String name, String... arguments) throws IOException {
    Part part = Part.of(name);
    File log = directory.log(name).toFile();
    List<String> command = new ArrayList<>();
    command.add("nohup"); // a terminal that closes takes only its command with it
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(part.memory(settings));
    command.addAll(Part.words(settings.get(CoreOptions.FLINK_JVM_OPTIONS)));
    command.add("-XX:+ExitOnOutOfMemoryError");
    command.add("-D" + LOG + "defaultLogLevel=info");
    command.add("-D" + LOG + "showDateTime=true");
    command.add("-D" + LOG + "dateTimeFormat=yyyy-MM-dd HH:mm:ss,SSS");
    command.add("-Dlog.file=" + log); // for Flink's own pages
    command.add(part.main().getName());
    command.addAll(List.of("--configDir", directory.conf().toString()));
    command.addAll(part.arguments(settings));
    if (part == Part.TASK_MANAGER) {
      // One that is started again under its name takes the place of the one that died.
      command.addAll(List.of("-D", TaskManagerOptions.TASK_MANAGER_RESOURCE_ID.key() + "=" + name));
    }
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    List<Path> classPath = part == Part.KEEPER ? ClassPath.whole() : ClassPath.ofTheCluster();
    // In the environment, not on the command line, which may have no room for it.
    builder
        .environment()
        .put(
            "CLASSPATH",
            classPath.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator)));
    // Native calls run on one thread each; Tapestream's own workers use the cores.
    builder.environment().put("OMP_NUM_THREADS", "1");
    builder.redirectErrorStream(true);
    builder.redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")));
    builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log));
    Process process = builder.start();
    directory.record(RecordedProcess.of(name, process.toHandle()));
    return process;
  }
}
