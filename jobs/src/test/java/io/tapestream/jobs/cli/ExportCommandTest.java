package io.tapestream.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.tapestream.files.FileEntry;
import io.tapestream.files.Lineage;
import io.tapestream.files.Manifest;
import io.tapestream.files.SafeTensors;
import io.tapestream.files.Signature;
import io.tapestream.files.VersionDirectory;
import io.tapestream.layers.Dense;
import io.tapestream.models.Model;
import io.tapestream.models.Sequential;
import io.tapestream.specs.Specs;
import io.tapestream.tensor.Shape;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import onnx.Onnx.ModelProto;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class ExportCommandTest {
  @TempDir private Path directory;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(Object... arguments) {
    CommandLine line = Main.commandLine();
    line.setOut(new PrintWriter(out, true));
    line.setErr(new PrintWriter(err, true));
    return line.execute(List.of(arguments).stream().map(Object::toString).toArray(String[]::new));
  }

  @Test
  void aPublishedVersionBecomesAnOnnxFileThatTellsItsNumber() throws Exception {
    publish(3);
    publish(4);
    Path file = directory.resolve("net.onnx");

    assertThat(run("export", directory.resolve("net"), "--onnx", file)).as(err.toString()).isZero();
    assertThat(out.toString()).contains("net.onnx holds version 4 of net");
    assertThat(versionOf(file)).isEqualTo(4);

    assertThat(run("export", "net", "3", "--dir", directory, "--onnx", file)).isZero();
    assertThat(versionOf(file)).isEqualTo(3);
  }

  private static long versionOf(Path file) throws Exception {
    ModelProto model = ModelProto.parseFrom(Files.readAllBytes(file));
    assertThat(model.getGraph().getName()).isEqualTo("net");
    return model.getModelVersion();
  }

  @Test
  void whatIsNotThereOrNotWholeIsNamedAndNothingIsWritten() throws Exception {
    Path file = directory.resolve("net.onnx");
    assertThat(run("export", "nowhere", "--dir", directory, "--onnx", file)).isEqualTo(2);
    assertThat(err.toString()).contains("there are no versions of a model in nowhere");

    Path version = publish(3);
    assertThat(run("export", directory.resolve("net"), "7", "--onnx", file)).isEqualTo(2);
    assertThat(err.toString()).contains("00000007");

    Files.writeString(version.resolve(Manifest.WEIGHTS), "damaged");
    assertThat(run("export", directory.resolve("net"), "--onnx", file)).isEqualTo(1);
    assertThat(err.toString()).contains("weights.safetensors has 7 bytes, the manifest says");
    assertThat(file).doesNotExist();
  }

  private Path publish(long number) throws Exception {
    Path version = new VersionDirectory(directory, "net").path(number);
    Files.createDirectories(version);
    try (Model model = Sequential.of(new Dense(2))) {
      model.build(Shape.of(3), number);
      Path spec = version.resolve(Manifest.MODEL);
      Files.writeString(spec, Specs.toJson(model).toString());
      Path weights = version.resolve(Manifest.WEIGHTS);
      SafeTensors.write(weights, model.parameters().named(), Map.of());
      Manifest manifest =
          new Manifest(
              Manifest.FORMAT,
              "net",
              number,
              "run",
              "job",
              number,
              Instant.EPOCH,
              10 * number,
              100 * number,
              Map.of(),
              Map.of(),
              Lineage.NONE,
              new Signature(List.of("x"), List.of(3), "float32", List.of()),
              JsonNodeFactory.instance.objectNode(),
              "test",
              List.of(FileEntry.of(spec), FileEntry.of(weights)));
      Files.writeString(version.resolve(Manifest.FILE), manifest.toJson());
    }
    return version;
  }
}
