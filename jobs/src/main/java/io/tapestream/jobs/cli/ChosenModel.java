package io.tapestream.jobs.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tapestream.files.Releases;
import io.tapestream.files.VersionDirectory;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.OptionalLong;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The model whose versions a command decides about, and how it tells what is decided then. */
final class ChosenModel {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Parameters(
      index = "0",
      paramLabel = "MODEL",
      description = "A model's directory, DIR/NAME, or its name under --dir.")
  private Path model = Path.of(".");

  @Mixin private ModelsDirectory models = new ModelsDirectory();

  @Option(
      names = "--output",
      paramLabel = "text|json",
      description = "json makes the last line one JSON object. Default: ${DEFAULT-VALUE}.")
  private Output output = Output.TEXT;

  /** Its versions, of which there is at least one. */
  VersionDirectory versions(CommandSpec command) throws IOException {
    return models.model(model, command);
  }

  /** Tells what has been decided, in a sentence or as JSON. */
  void tell(CommandSpec command, VersionDirectory versions, Releases now, String sentence)
      throws IOException {
    PrintWriter out = command.commandLine().getOut();
    if (output == Output.JSON) {
      ObjectNode told = JSON.createObjectNode().put("model", versions.model());
      OptionalLong served = now.defaultOf(versions.complete());
      if (served.isPresent()) {
        told.put("default", served.getAsLong());
      }
      told.set("releases", JSON.readTree(now.toJson().getBytes(StandardCharsets.UTF_8)));
      out.println(told);
    } else {
      out.println(sentence);
    }
    out.flush();
  }
}
