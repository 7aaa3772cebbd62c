package io.tapestream.jobs.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tapestream.files.Manifest;
import io.tapestream.files.Presence;
import io.tapestream.files.VersionDirectory;
import io.tapestream.files.VersionVerifier;
import io.tapestream.jobs.spec.InvalidSpecException;
import io.tapestream.jobs.spec.JobSpec;
import io.tapestream.jobs.spec.Setting;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code tapestream show}: what a version, a model's directory or a job file holds. */
@Command(
    name = "show",
    header = "Shows a published version, a model's versions, or a job file's effective settings.",
    description = {
      "%nA version's directory (DIR/NAME/00000007) or NAME/7: its manifest, its files checked.",
      "A model's directory (DIR/NAME) or its name: a table of its versions, and what was decided about them.",
      "A directory of models (DIR): the newest version of each.",
      "A job file: every key with the value that counts; mistakes are listed."
    })
final class ShowCommand implements Callable<Integer> {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Spec private CommandSpec command = CommandSpec.create();

  @Parameters(paramLabel = "PATH", description = "A directory, a model's name or a job file.")
  private Path path = Path.of(".");

  @Mixin private ModelsDirectory models = new ModelsDirectory();

  @Mixin private VerifyKeys keys = new VerifyKeys();

  @Option(
      names = "--output",
      paramLabel = "text|json",
      description = "json makes the last line one JSON object. Default: ${DEFAULT-VALUE}.")
  private Output output = Output.TEXT;

  @Override
  public Integer call() throws IOException, InvalidSpecException {
    PrintWriter out = command.commandLine().getOut();
    Path version = models.version(path, command);
    if (Presence.isFile(path)) {
      settings(out);
    } else if (Presence.isFile(version.resolve(Manifest.FILE))) {
      version(out, version.toAbsolutePath().normalize());
    } else {
      versions(out);
    }
    out.flush();
    return 0;
  }

  private void settings(PrintWriter out) throws IOException, InvalidSpecException {
    List<List<String>> rows = new ArrayList<>();
    ObjectNode json = JSON.createObjectNode();
    for (Setting setting : JobSpec.effective(Files.readString(path), path.toString())) {
      rows.add(List.of(setting.key(), setting.value(), setting.isDefault() ? "(default)" : ""));
      json.put(setting.key(), setting.value());
    }
    tell(out, json, Table.of(rows));
  }

  private void version(PrintWriter out, Path directory) throws IOException {
    VersionVerifier verifier = keys.verifier();
    VersionView view = VersionView.of(directory, verifier.verify(directory));
    String checked =
        keys.isGiven()
            ? "Every file is whole: its size and its SHA-256 are as the manifest says, which is signed by a key of yours."
            : "Every file is whole: its size and its SHA-256 are as the manifest says.";
    tell(out, view.json(), Table.of(view.rows()) + checked + System.lineSeparator());
  }

  private void versions(PrintWriter out) throws IOException {
    Optional<VersionDirectory> model = models.find(path);
    if (model.isPresent()) {
      ModelView view = new ModelView(model.get());
      List<List<String>> rows = new ArrayList<>(List.of(ModelView.HEADER));
      rows.addAll(view.rows(false));
      StringBuilder text = new StringBuilder(Table.of(rows));
      view.remarks().forEach(remark -> text.append(remark).append(System.lineSeparator()));
      tell(out, view.json(), text.toString());
    } else if (Presence.isDirectory(path)) {
      newest(out);
    } else {
      throw new NoSuchFileException(path.toString());
    }
  }

  private void newest(PrintWriter out) throws IOException {
    List<List<String>> rows = new ArrayList<>(List.of(ModelView.HEADER));
    ObjectNode json = JSON.createObjectNode();
    ArrayNode all = json.putArray("models");
    Path root = path.toAbsolutePath().normalize();
    try (var directories = Files.newDirectoryStream(root, Files::isDirectory)) {
      for (Path directory : directories) {
        Optional<VersionDirectory> versions =
            ModelsDirectory.named(root, directory.getFileName().toString());
        if (versions.isPresent()) {
          ModelView view = new ModelView(versions.get());
          if (!view.isEmpty()) {
            rows.addAll(view.rows(true));
            all.add(view.json());
          }
        }
      }
    }
    String nothing = "No version has been published in " + path + "." + System.lineSeparator();
    tell(out, json, rows.size() == 1 ? nothing : Table.of(rows));
  }

  private void tell(PrintWriter out, ObjectNode json, String text) {
    if (output == Output.JSON) {
      out.println(json);
    } else {
      out.print(text);
    }
  }
}
