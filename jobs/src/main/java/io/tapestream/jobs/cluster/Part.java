package io.tapestream.jobs.cluster;

import java.util.List;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.runtime.clusterframework.TaskExecutorProcessSpec;
import org.apache.flink.runtime.clusterframework.TaskExecutorProcessUtils;
import org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint;
import org.apache.flink.runtime.jobmanager.JobManagerProcessSpec;
import org.apache.flink.runtime.jobmanager.JobManagerProcessUtils;
import org.apache.flink.runtime.taskexecutor.TaskManagerRunner;
import org.apache.flink.runtime.util.config.memory.ProcessMemoryUtils;

/** The kinds of processes that a cluster is made of, and how the Java of each is started. */
enum Part {
  JOB_MANAGER("job-manager", StandaloneSessionClusterEntrypoint.class) {
    @Override
    List<String> memory(Configuration settings) {
      JobManagerProcessSpec memory = JobManagerProcessUtils.processSpecFromConfig(settings);
      return words(JobManagerProcessUtils.generateJvmParametersStr(memory, settings));
    }

    @Override
    List<String> arguments(Configuration settings) {
      JobManagerProcessSpec memory = JobManagerProcessUtils.processSpecFromConfig(settings);
      return words(JobManagerProcessUtils.generateDynamicConfigsStr(memory));
    }
  },

  TASK_MANAGER("task-manager", TaskManagerRunner.class) {
    @Override
    List<String> memory(Configuration settings) {
      TaskExecutorProcessSpec memory = TaskExecutorProcessUtils.processSpecFromConfig(settings);
      return words(
          ProcessMemoryUtils.generateJvmParametersStr(memory)
              + " "
              + settings.get(CoreOptions.FLINK_DEFAULT_TM_JVM_OPTIONS)
              + " "
              + settings.get(CoreOptions.FLINK_TM_JVM_OPTIONS));
    }

    @Override
    List<String> arguments(Configuration settings) {
      TaskExecutorProcessSpec memory = TaskExecutorProcessUtils.processSpecFromConfig(settings);
      return words(TaskExecutorProcessUtils.generateDynamicConfigsStr(memory));
    }
  },

  KEEPER("keeper", Keeper.class) {
    @Override
    List<String> memory(Configuration settings) {
      return List.of("-Xmx128m", "-XX:+UseSerialGC");
    }

    @Override
    List<String> arguments(Configuration settings) {
      return List.of();
    }
  };

  private final String title;
  private final Class<?> main;

  Part(String title, Class<?> main) {
    this.title = title;
    this.main = main;
  }

  /** The process's memory, as flags of Java. */
  abstract List<String> memory(Configuration settings);

  /** What its main class is told besides where the settings are. */
  abstract List<String> arguments(Configuration settings);

  /** The name of the only process of this kind. */
  String title() {
    return title;
  }

  /** The name of the n-th process of this kind. */
  String title(int number) {
    return title + "-" + number;
  }

  /** Which kind a process of that name is. */
  static Part of(String name) {
    return Stream.of(values())
        .filter(part -> name.startsWith(part.title))
        .findFirst()
        .orElseThrow();
  }

  Class<?> main() {
    return main;
  }

  /** A line of flags, one by one. */
  static List<String> words(String text) {
    return Stream.of(text.trim().split("\\s+", -1)).filter(word -> !word.isEmpty()).toList();
  }
}
