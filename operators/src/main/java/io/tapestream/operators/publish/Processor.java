package io.tapestream.operators.publish;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Names the processor this process runs on: equal bits are promised within one processor family
 * only.
 */
final class Processor {
  private static final Path LINUX = Path.of("/proc/cpuinfo");

  private Processor() {}

  /**
   * Such as {@code "linux-amd64 AMD EPYC 7R13"}; without the model's name where the platform
   * doesn't tell it.
   */
  static String describe() {
    String platform =
        System.getProperty("os.name").toLowerCase(Locale.ROOT)
            + "-"
            + System.getProperty("os.arch");
    return (platform + " " + modelName()).strip();
  }

  private static String modelName() {
    List<String> lines;
    try {
      lines = Files.isReadable(LINUX) ? Files.readAllLines(LINUX) : List.of();
    } catch (IOException e) {
      return ""; // the name is a remark for people, nothing depends on it
    }
    return lines.stream()
        .filter(line -> line.startsWith("model name"))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst()
        .orElse("");
  }
}
