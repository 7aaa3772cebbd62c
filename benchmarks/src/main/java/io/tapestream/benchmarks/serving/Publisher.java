package io.tapestream.benchmarks.serving;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.tapestream.files.FileEntry;
import io.tapestream.files.Lineage;
import io.tapestream.files.Manifest;
import io.tapestream.files.SafeTensors;
import io.tapestream.files.Signature;
import io.tapestream.files.VersionDirectory;
import io.tapestream.models.Model;
import io.tapestream.specs.Specs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Publishes a model's parameters as versions, as a job's committer does: the manifest last. */
record Publisher(Path directory, String name, Model model) {

  /** Writes the version of this number. */
  void publish(long version) throws IOException {
    Path folder = new VersionDirectory(directory, name).path(version);
    Files.createDirectories(folder);
    Path spec = Files.writeString(folder.resolve(Manifest.MODEL), Specs.toJson(model).toString());
    Path weights = folder.resolve(Manifest.WEIGHTS);
    SafeTensors.write(weights, model.parameters().named(), Map.of());
    List<Integer> shape = IntStream.of(model.inputShape().dims()).boxed().toList();
    Manifest manifest =
        new Manifest(
            Manifest.FORMAT,
            name,
            version,
            "benchmark",
            "benchmark",
            version,
            Instant.now(),
            version,
            version,
            Map.of(),
            Map.of(),
            Lineage.NONE,
            new Signature(List.of("x"), shape, "float32", List.of()),
            JsonNodeFactory.instance.objectNode(),
            "any",
            List.of(FileEntry.of(spec), FileEntry.of(weights)));
    Path draft = Files.writeString(folder.resolve("draft"), manifest.toJson());
    Files.move(draft, folder.resolve(Manifest.FILE), StandardCopyOption.ATOMIC_MOVE);
  }
}
