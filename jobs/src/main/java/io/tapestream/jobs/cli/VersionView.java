package io.tapestream.jobs.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tapestream.files.FileEntry;
import io.tapestream.files.InvalidVersionException;
import io.tapestream.files.Lineage;
import io.tapestream.files.Manifest;
import io.tapestream.files.Provenance;
import io.tapestream.files.Signature;
import io.tapestream.files.TensorSignature;
import io.tapestream.files.VersionSignature;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.stream.Collectors;

/** A version as {@code show} tells of it. */
final class VersionView {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path directory;
  private final Manifest manifest;
  private final Optional<VersionSignature> signature;

  private VersionView(Path directory, Manifest manifest, Optional<VersionSignature> signature) {
    this.directory = directory;
    this.manifest = manifest;
    this.signature = signature;
  }

  /**
   * Reads what is to be told, without a look at the other files.
   *
   * @throws InvalidVersionException if its manifest or its signature can't be read
   */
  static VersionView of(Path directory, Manifest manifest) throws IOException {
    return new VersionView(directory, manifest, VersionSignature.read(directory));
  }

  Manifest manifest() {
    return manifest;
  }

  /** The fingerprint of the key that it says it is signed by. */
  Optional<String> signer() {
    return signature.map(VersionSignature::key);
  }

  /** Bytes of all its files but the manifest. */
  long size() {
    return manifest.files().stream().mapToLong(FileEntry::size).sum();
  }

  /** Its metrics in a line. */
  String metrics() {
    return manifest.metrics().entrySet().stream()
        .map(metric -> String.format("%s %.4f", metric.getKey(), metric.getValue()))
        .collect(Collectors.joining(", "));
  }

  /** All of it, one fact a row. */
  List<List<String>> rows() {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("model", manifest.model()));
    rows.add(List.of("version", String.valueOf(manifest.version())));
    rows.add(List.of("created", manifest.created().truncatedTo(ChronoUnit.SECONDS).toString()));
    rows.add(List.of("round", String.valueOf(manifest.round())));
    rows.add(List.of("records", String.valueOf(manifest.records())));
    rows.add(List.of("metrics", metrics()));
    addSignature(rows, manifest.signature());
    rows.add(List.of("loss", manifest.loss().toString()));
    addProvenance(rows);
    rows.add(List.of("signed by", signer().map(key -> "key " + key).orElse("nobody")));
    for (FileEntry file : manifest.files()) {
      rows.add(
          List.of("file", file.name() + ", " + file.size() + " bytes, sha256 " + file.sha256()));
    }
    return rows;
  }

  private static void addSignature(List<List<String>> rows, Signature signature) {
    rows.add(List.of("features", String.join(", ", signature.features())));
    for (TensorSignature input : signature.inputs()) {
      rows.add(List.of("input", input.name() + ", " + input.dtype() + " " + input.shape()));
    }
    for (TensorSignature output : signature.outputs()) {
      rows.add(List.of("output", output.name() + ", " + output.dtype() + " " + output.shape()));
    }
    if (!signature.classes().isEmpty()) {
      rows.add(List.of("classes", String.join(", ", signature.classes())));
    }
  }

  private void addProvenance(List<List<String>> rows) {
    Provenance provenance = manifest.provenance();
    rows.add(List.of("run", manifest.run()));
    rows.add(List.of("job", manifest.job()));
    rows.add(List.of("checkpoint", String.valueOf(manifest.checkpoint())));
    manifest
        .topics()
        .forEach(
            (topic, offsets) ->
                rows.add(List.of("learned from", topic + " up to " + text(offsets))));
    Lineage.Start parent = provenance.parent();
    if (parent != null) {
      rows.add(List.of("parent", text(parent)));
    }
    Lineage.Start start = manifest.lineage().start();
    if (start != null) {
      rows.add(List.of("started from", text(start)));
    }
    for (Lineage.Abandoned abandoned : manifest.lineage().abandoned()) {
      rows.add(List.of("passed over", abandoned.toString()));
    }
    if (provenance.specification() != null) {
      rows.add(List.of("specification", "sha256 " + provenance.specification()));
    }
    if (provenance.software() != null) {
      rows.add(List.of("software", provenance.software()));
    }
    rows.add(List.of("processor", manifest.processor()));
  }

  /** All of it: the manifest, where it lies, its size and who signed it. */
  ObjectNode json() throws IOException {
    byte[] bytes = manifest.toJson().getBytes(StandardCharsets.UTF_8);
    ObjectNode json = (ObjectNode) JSON.readTree(bytes);
    json.remove("digest");
    json.put("path", directory.toString()).put("size", size());
    json.put("signedBy", signer().orElse(null));
    return json;
  }

  private static String text(Lineage.Start version) {
    return "%s version %d of run %s".formatted(version.model(), version.version(), version.run());
  }

  private static String text(Map<Integer, Long> offsets) {
    StringJoiner text = new StringJoiner(", ");
    offsets.forEach((partition, offset) -> text.add(partition + ":" + offset));
    return text.toString();
  }
}
