package io.tapestream.jobs.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tapestream.files.VersionDiff;
import io.tapestream.files.VersionDiff.Fate;
import io.tapestream.files.VersionDiff.TensorChange;
import io.tapestream.files.VersionVerifier;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code tapestream diff}: what changed from one version to another. */
@Command(
    name = "diff",
    header = "Says what changed from one version to another.",
    description = {
      "%nArchitecture, signature and specification, what was learned in between, metrics, and for each tensor"
          + " the largest change of a value and the change of the whole relative to its norm.",
      "A version is a directory (models/clicks/00000007), or a model and a number (clicks/7)."
    })
final class DiffCommand implements Callable<Integer> {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Spec private CommandSpec command = CommandSpec.create();

  @Parameters(index = "0", paramLabel = "A", description = "The first version.")
  private Path first = Path.of(".");

  @Parameters(index = "1", paramLabel = "B", description = "The second version.")
  private Path second = Path.of(".");

  @Mixin private ModelsDirectory models = new ModelsDirectory();

  @Option(
      names = "--output",
      paramLabel = "text|json",
      description = "json makes the last line one JSON object. Default: ${DEFAULT-VALUE}.")
  private Output output = Output.TEXT;

  @Override
  public Integer call() throws IOException {
    Path a = models.version(first, command);
    Path b = models.version(second, command);
    VersionVerifier.UNSIGNED.verify(a);
    VersionVerifier.UNSIGNED.verify(b);
    VersionDiff diff = VersionDiff.of(a, b);
    PrintWriter out = command.commandLine().getOut();
    if (output == Output.JSON) {
      out.println(JSON.writeValueAsString(diff));
    } else {
      print(out, diff);
    }
    out.flush();
    return 0;
  }

  private static void print(PrintWriter out, VersionDiff diff) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(
        List.of(
            "from",
            diff.from().model() + " version " + diff.from().version(),
            "to " + diff.to().model() + " version " + diff.to().version()));
    rows.add(List.of("rounds", signed(diff.rounds())));
    rows.add(List.of("records", signed(diff.records())));
    diff.learned()
        .forEach(
            (topic, partitions) ->
                partitions.forEach(
                    (partition, learned) ->
                        rows.add(
                            List.of(
                                "learned",
                                "%s-%d".formatted(topic, partition),
                                "%d → %d (%s)"
                                    .formatted(
                                        learned.from(),
                                        learned.to(),
                                        signed(learned.to() - learned.from()))))));
    diff.metrics()
        .forEach(
            (name, metric) ->
                rows.add(List.of("metric", name, text(metric.from()) + " → " + text(metric.to()))));
    diff.changed()
        .forEach(
            (name, pair) -> rows.add(List.of(name, text(pair.from()) + " → " + text(pair.to()))));
    out.print(Table.of(rows));
    out.println();
    out.print(Table.of(tensors(diff.tensors())));
  }

  private static List<List<String>> tensors(List<TensorChange> changes) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("tensor", "shape", "", "max |Δ|", "‖Δ‖/‖a‖"));
    for (TensorChange change : changes) {
      boolean reshaped = change.fate() == Fate.RESHAPED;
      Object shape = change.to() == null ? change.from() : change.to();
      rows.add(
          List.of(
              change.name(),
              reshaped ? change.from() + " → " + change.to() : String.valueOf(shape),
              change.fate().name().toLowerCase(Locale.ROOT),
              text(change.largest()),
              text(change.relative())));
    }
    return rows;
  }

  private static String signed(long number) {
    return String.format("%+,d", number);
  }

  private static String text(@Nullable Double value) {
    return value == null ? "–" : String.format("%.4g", value);
  }

  private static String text(@Nullable JsonNode value) {
    if (value == null) {
      return "–";
    }
    return value.isTextual() ? value.textValue() : value.toString();
  }
}
