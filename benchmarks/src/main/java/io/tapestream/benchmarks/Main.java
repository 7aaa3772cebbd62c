package io.tapestream.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.ServiceLoader;

/** {@code benchmarks/run [NAME [--json FILE]]}. */
public final class Main {
  private Main() {}

  /** Runs the benchmark of that name, or lists them. */
  public static void main(String[] arguments) throws Exception {
    List<Benchmark> all =
        ServiceLoader.load(Benchmark.class).stream().map(ServiceLoader.Provider::get).toList();
    boolean json = arguments.length == 3 && arguments[1].equals("--json");
    if (arguments.length != 1 && !json) {
      System.out.println("benchmarks/run NAME [--json FILE], where NAME is one of");
      all.forEach(b -> System.out.printf("  %-8s %s%n", b.name(), b.summary()));
      System.exit(arguments.length == 0 ? 0 : 2);
    }
    Benchmark chosen =
        all.stream()
            .filter(b -> b.name().equals(arguments[0]))
            .findFirst()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "no benchmark "
                            + arguments[0]
                            + "; there are "
                            + all.stream().map(Benchmark::name).toList()));
    Report report = chosen.run();
    System.out.print(report.table());
    if (json) {
      Files.writeString(
          Path.of(arguments[2]),
          new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(report.json())
              + "\n");
    }
    System.exit(0); // libtorch leaves threads that are not daemons
  }
}
