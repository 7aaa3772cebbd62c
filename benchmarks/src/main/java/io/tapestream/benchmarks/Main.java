package io.tapestream.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/** {@code benchmarks/run [NAME [--quick] [--seed N] [--json FILE]]}. */
public final class Main {

  private record Arguments(
      String name, Pace pace, long seed, List<String> only, @Nullable Path json) {}

  private Main() {}

  /** Runs the benchmark of that name, or lists them. */
  public static void main(String[] arguments) throws Exception {
    List<Benchmark> all =
        ServiceLoader.load(Benchmark.class).stream()
            .map(ServiceLoader.Provider::get)
            .sorted(Comparator.comparing(Benchmark::name))
            .toList();
    Optional<Arguments> parsed = parse(arguments);
    Optional<Benchmark> chosen =
        parsed.flatMap(p -> all.stream().filter(b -> b.name().equals(p.name())).findFirst());
    if (parsed.isEmpty() || chosen.isEmpty()) {
      System.out.println(
          """
          benchmarks/run NAME [--quick] [--seed N] [--only WORDS] [--json FILE]
            --quick   one short turn each: shows that it runs, its figures say little
            --seed    of what is left to chance, in chaos; 1 if none is given
            --only    rows that have these words: of chaos such as link or lenet,synchronous, of rounds separate,10MB
            --json    also writes the table's figures, unrounded
          where NAME is one of""");
      all.forEach(b -> System.out.printf("  %-11s %s%n", b.name(), b.summary()));
      System.exit(arguments.length == 0 ? 0 : 2);
    }
    boolean sound = run(chosen.orElseThrow(), parsed.orElseThrow());
    System.exit(sound ? 0 : 1); // libtorch leaves threads that are not daemons
  }

  /** Whether all that the benchmark promises held. */
  private static boolean run(Benchmark benchmark, Arguments arguments) throws Exception {
    Report report = benchmark.run(arguments.pace(), arguments.seed(), arguments.only());
    System.out.print(report.table());
    if (arguments.json() != null) {
      write(report, arguments.json());
    }
    report.broken().forEach(what -> System.err.println("broken: " + what));
    return report.broken().isEmpty();
  }

  private static void write(Report report, Path file) throws IOException {
    Files.writeString(
        file,
        new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(report.json())
            + "\n");
  }

  private static Optional<Arguments> parse(String[] arguments) {
    List<String> names = new ArrayList<>();
    Pace pace = Pace.FULL;
    long seed = 1;
    List<String> only = List.of();
    Path json = null;
    for (int i = 0; i < arguments.length; i++) {
      if (arguments[i].equals("--quick")) {
        pace = Pace.QUICK;
      } else if (arguments[i].equals("--seed") && i + 1 < arguments.length) {
        seed = Long.parseLong(arguments[++i]);
      } else if (arguments[i].equals("--only") && i + 1 < arguments.length) {
        only = List.of(arguments[++i].split(",", -1));
      } else if (arguments[i].equals("--json") && i + 1 < arguments.length) {
        json = Path.of(arguments[++i]);
      } else {
        names.add(arguments[i]);
      }
    }
    return names.size() == 1
        ? Optional.of(new Arguments(names.get(0), pace, seed, only, json))
        : Optional.empty();
  }
}
