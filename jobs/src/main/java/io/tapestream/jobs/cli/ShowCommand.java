package io.tapestream.jobs.cli;

import io.tapestream.files.FileEntry;
import io.tapestream.files.InvalidVersionException;
import io.tapestream.files.Manifest;
import io.tapestream.files.VersionDirectory;
import io.tapestream.jobs.spec.InvalidSpecException;
import io.tapestream.jobs.spec.JobSpec;
import io.tapestream.jobs.spec.Setting;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code tapestream show}: what a version, a model's directory or a job file holds. */
@Command(
    name = "show",
    header = "Shows a published version, a model's versions, or a job file's effective settings.",
    description = {
      "%nA version's directory (DIR/NAME/00000007): its manifest, its files checked.",
      "A model's directory (DIR/NAME): a table of its versions.",
      "A directory of models (DIR): the newest version of each.",
      "A job file: every key with the value that counts; mistakes are listed."
    })
final class ShowCommand implements Callable<Integer> {
  @Spec private CommandSpec command = CommandSpec.create();

  @Parameters(paramLabel = "PATH", description = "A directory or a job file.")
  private Path path = Path.of(".");

  @Override
  public Integer call() throws IOException, InvalidSpecException {
    PrintWriter out = command.commandLine().getOut();
    if (Files.isRegularFile(path)) {
      settings(out);
    } else if (!Files.isDirectory(path)) {
      throw new NoSuchFileException(path.toString());
    } else if (Files.exists(path.resolve(Manifest.FILE))) {
      version(out, path.toAbsolutePath().normalize());
    } else {
      versions(out);
    }
    out.flush();
    return 0;
  }

  private void settings(PrintWriter out) throws IOException, InvalidSpecException {
    List<List<String>> rows = new ArrayList<>();
    for (Setting setting : JobSpec.effective(Files.readString(path), path.toString())) {
      rows.add(List.of(setting.key(), setting.value(), setting.isDefault() ? "(default)" : ""));
    }
    out.print(Table.of(rows));
  }

  private void version(PrintWriter out, Path directory) throws IOException {
    Manifest manifest = Manifest.read(directory);
    manifest.verify(directory);
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("model", manifest.model()));
    rows.add(List.of("version", String.valueOf(manifest.version())));
    rows.add(List.of("created", manifest.created().truncatedTo(ChronoUnit.SECONDS).toString()));
    rows.add(List.of("round", String.valueOf(manifest.round())));
    rows.add(List.of("records", String.valueOf(manifest.records())));
    rows.add(List.of("metrics", metrics(manifest)));
    rows.add(List.of("features", String.join(", ", manifest.signature().features())));
    rows.add(
        List.of("input", manifest.signature().dtype() + " " + manifest.signature().inputShape()));
    if (!manifest.signature().classes().isEmpty()) {
      rows.add(List.of("classes", String.join(", ", manifest.signature().classes())));
    }
    rows.add(List.of("loss", manifest.loss().toString()));
    rows.add(List.of("run", manifest.run()));
    rows.add(List.of("job", manifest.job()));
    rows.add(List.of("checkpoint", String.valueOf(manifest.checkpoint())));
    rows.add(List.of("processor", manifest.processor()));
    manifest
        .topics()
        .forEach(
            (topic, offsets) ->
                rows.add(List.of("learned from", topic + " up to " + text(offsets))));
    for (FileEntry file : manifest.files()) {
      rows.add(
          List.of("file", file.name() + ", " + file.size() + " bytes, sha256 " + file.sha256()));
    }
    out.print(Table.of(rows));
    out.println("Every file is whole: its size and its SHA-256 are as the manifest says.");
  }

  private void versions(PrintWriter out) throws IOException {
    Path root = path.toAbsolutePath().normalize();
    Path parent = root.getParent();
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("model", "version", "created", "round", "records", "metrics"));
    if (parent != null) {
      addAll(rows, parent, root.getFileName().toString(), false);
    }
    if (rows.size() == 1) {
      try (var models = Files.newDirectoryStream(root, Files::isDirectory)) {
        for (Path model : models) {
          addAll(rows, root, model.getFileName().toString(), true);
        }
      }
    }
    if (rows.size() == 1) {
      out.println("No version has been published in " + path + ".");
    } else {
      out.print(Table.of(rows));
    }
  }

  private static void addAll(
      List<List<String>> rows, Path directory, String model, boolean newestOnly)
      throws IOException {
    VersionDirectory versions;
    try {
      versions = new VersionDirectory(directory, model);
    } catch (IllegalArgumentException notAModelName) {
      return;
    }
    List<Long> complete = versions.complete();
    int from = newestOnly ? Math.max(0, complete.size() - 1) : 0;
    for (long version : complete.subList(from, complete.size())) {
      rows.add(row(versions, version));
    }
  }

  private static List<String> row(VersionDirectory versions, long version) throws IOException {
    try {
      Manifest manifest = versions.manifest(version);
      return List.of(
          manifest.model(),
          String.valueOf(version),
          manifest.created().truncatedTo(ChronoUnit.SECONDS).toString(),
          String.valueOf(manifest.round()),
          String.valueOf(manifest.records()),
          metrics(manifest));
    } catch (InvalidVersionException e) {
      return List.of(versions.model(), String.valueOf(version), String.valueOf(e.getMessage()));
    }
  }

  private static String metrics(Manifest manifest) {
    return manifest.metrics().entrySet().stream()
        .map(metric -> String.format("%s %.4f", metric.getKey(), metric.getValue()))
        .collect(Collectors.joining(", "));
  }

  private static String text(Map<Integer, Long> offsets) {
    StringJoiner text = new StringJoiner(", ");
    offsets.forEach((partition, offset) -> text.add(partition + ":" + offset));
    return text.toString();
  }
}
