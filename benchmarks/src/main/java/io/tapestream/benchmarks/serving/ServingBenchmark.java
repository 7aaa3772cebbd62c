package io.tapestream.benchmarks.serving;

import io.tapestream.benchmarks.Benchmark;
import io.tapestream.benchmarks.Pace;
import io.tapestream.benchmarks.Report;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Swaps under a load that does not wait, and requests beside onnxruntime in process. */
public final class ServingBenchmark implements Benchmark {

  /** Makes the benchmark. */
  public ServingBenchmark() {}

  @Override
  public String name() {
    return "serving";
  }

  @Override
  public String summary() {
    return "what new versions cost requests at 500/s; requests/s of server and library over"
        + " onnxruntime's in process";
  }

  @Override
  public Report run(Pace pace) throws Exception {
    Path directory = Files.createTempDirectory("serving");
    try {
      Report report = new Report();
      new Swaps(directory, pace).measure(report);
      new Requests(directory, pace).measure(report);
      return report;
    } finally {
      delete(directory);
    }
  }

  private static void delete(Path directory) throws IOException {
    List<Path> paths;
    try (Stream<Path> found = Files.walk(directory)) {
      paths = found.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : paths) {
      Files.delete(path);
    }
  }
}
