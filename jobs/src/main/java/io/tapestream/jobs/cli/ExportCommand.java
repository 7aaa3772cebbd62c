package io.tapestream.jobs.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.tapestream.files.Manifest;
import io.tapestream.files.VersionDirectory;
import io.tapestream.models.Model;
import io.tapestream.onnx.OnnxExport;
import io.tapestream.onnx.OnnxExport.Origin;
import io.tapestream.operators.StartVersion;
import io.tapestream.specs.Specs;
import io.tapestream.tensor.Shape;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code tapestream export}: a published version for runtimes of others. */
@Command(
    name = "export",
    header = "Writes a published version as an ONNX file.",
    description = "%nEvery file of the version is checked first.")
final class ExportCommand implements Callable<Integer> {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Spec private CommandSpec command = CommandSpec.create();

  @Parameters(
      index = "0",
      paramLabel = "MODEL",
      description = "A model's directory, DIR/NAME, or its name under --dir.")
  private Path model = Path.of(".");

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "VERSION",
      description = "The version; the newest if none is given.")
  private @Nullable Long version;

  @Mixin private ModelsDirectory models = new ModelsDirectory();

  @Option(
      names = "--onnx",
      paramLabel = "FILE",
      required = true,
      description = "The file to write; one that is there is replaced.")
  private Path file = Path.of("model.onnx");

  @Mixin private UserClasses classes = new UserClasses();

  @Override
  public Integer call() throws IOException {
    VersionDirectory versions = models.model(model, command);
    long chosen = version != null ? version : versions.newest().orElseThrow();
    Path path = versions.path(chosen);
    if (!Files.isDirectory(path)) {
      throw new NoSuchFileException(path.toString());
    }
    Manifest manifest = versions.manifest(chosen);
    int[] input = manifest.signature().inputShape().stream().mapToInt(Integer::intValue).toArray();
    try (Model built =
        Specs.read(
            JSON.readTree(Files.readAllBytes(path.resolve(Manifest.MODEL))),
            Model.class,
            classes.install())) {
      built.build(Shape.of(input), 0);
      new StartVersion(path.toString(), 0, 0).load(built);
      OnnxExport.write(built, origin(manifest), file);
    }
    PrintWriter out = command.commandLine().getOut();
    out.printf(
        "%s holds version %d of %s, with the operators of opset %d.%n",
        file, chosen, versions.model(), OnnxExport.OPSET);
    out.flush();
    return 0;
  }

  private static Origin origin(Manifest manifest) {
    return new Origin(
        manifest.model(),
        manifest.version(),
        Map.of(
            "run", manifest.run(),
            "checkpoint", Long.toString(manifest.checkpoint()),
            "round", Long.toString(manifest.round())));
  }
}
