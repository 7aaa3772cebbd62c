package io.tapestream.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.tapestream.files.SafeTensors.Floats;
import io.tapestream.files.SafeTensors.Named;
import io.tapestream.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Weights in several files with an index. */
class VersionWeightsTest {
  private static final String FIRST = "weights-00001-of-00003.safetensors";
  private static final String SECOND = "weights-00002-of-00003.safetensors";
  private static final String THIRD = "weights-00003-of-00003.safetensors";

  @TempDir private Path directory;
  private final List<Named> tensors =
      List.of(
          named("a", 1, 2), named("b", 3), named("larger", 4, 5, 6, 7, 8), named("c", 9, 10, 11));
  private Path index;

  @BeforeEach
  void threeFiles() throws IOException {
    List<List<Named>> shares = SafeTensorsIndex.divide(tensors, 12);
    for (int i = 0; i < shares.size(); i++) {
      String name = SafeTensorsIndex.fileName(VersionWeights.STEM, i, shares.size());
      SafeTensors.write(directory.resolve(name), shares.get(i), Map.of("round", "7"));
    }
    index = directory.resolve(VersionWeights.INDEX);
    Files.writeString(index, SafeTensorsIndex.of(VersionWeights.STEM, shares).toJson());
  }

  @Test
  void aFileIsFullBeforeItIsTooLargeAndATensorIsNeverDivided() throws IOException {
    assertThat(index)
        .content()
        .isEqualToIgnoringWhitespace(
            """
            {"metadata": {"total_size": 44},
             "weight_map": {"a": "%s", "b": "%s", "c": "%s", "larger": "%s"}}
            """
                .formatted(FIRST, FIRST, THIRD, SECOND));

    SafeTensors.Contents read =
        VersionWeights.read(directory, manifest(VersionWeights.INDEX, FIRST, SECOND, THIRD));

    assertThat(read.flat()).containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
    assertThat(read.metadata()).isEqualTo(Map.of("round", "7"));
  }

  @Test
  void weightsThatFitAreOneFile() {
    assertThat(SafeTensorsIndex.divide(tensors, 44)).containsExactly(tensors);
    assertThat(SafeTensorsIndex.divide(List.of(), 44)).isEmpty();
  }

  @Test
  void aManifestListsOneFormAndEveryFileOfIt() throws IOException {
    assertThatThrownBy(() -> VersionWeights.read(directory, manifest(FIRST)))
        .isInstanceOf(InvalidVersionException.class)
        .hasMessageContaining("must list either weights.safetensors or");
    Files.write(directory.resolve(VersionWeights.FILE), new byte[0]);
    assertThatThrownBy(
            () ->
                VersionWeights.read(directory, manifest(VersionWeights.FILE, VersionWeights.INDEX)))
        .hasMessageContaining("must list either");
    assertThatThrownBy(
            () -> VersionWeights.read(directory, manifest(VersionWeights.INDEX, FIRST, THIRD)))
        .hasMessageContaining("names " + SECOND + ", which the manifest does not list");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{                                    | is no index",
        "[]                                   | lacks \"metadata\"",
        "\"total_size\": 44 -> \"x\": 44      | lacks \"metadata\"",
        "44 -> 44.0                           | lacks \"metadata\"",
        "44 -> 48                             | take 44 bytes, the index says 48",
        "weights-00002 -> ../weights-00002    | no plain name",
        "weights-00002 -> /else/weights-00002 | no plain name",
        "weights-00002 -> .weights-00002      | no plain name",
        "\"larger\" -> \"a\"                  | Duplicate",
        "\"larger\" -> \"other\"              | holds the tensors [larger], the index says [other]",
        "\"b\": \"weights-00001 -> \"b\": \"weights-00002 | holds the tensors [a, b], the index says [a]",
        "\"c\": \"weights-00003 -> \"c\": \"weights-00009 | is named in the index and missing",
        "\"c\": \"weights-00003-of-00003.safetensors\" -> \"c\": 3 | \"c\" lies in 3",
      })
  void anIndexThatDoesNotFitIsRefusedWithTheReason(String change, String reason)
      throws IOException {
    String[] parts = change.split(" -> ", -1);
    String whole = Files.readString(index).replace("\" : ", "\": ");
    String changed = parts.length == 2 ? whole.replace(parts[0], parts[1]) : change;
    assertThat(changed).isNotEqualTo(whole);
    Files.writeString(index, changed);
    assertThatThrownBy(() -> SafeTensorsIndex.read(index).contents(directory))
        .isInstanceOf(InvalidVersionException.class)
        .hasMessageContaining(reason);
  }

  private Manifest manifest(String... files) throws IOException {
    List<FileEntry> entries = new ArrayList<>();
    for (String file : files) {
      entries.add(FileEntry.of(directory.resolve(file)));
    }
    return new Manifest(
        Manifest.FORMAT,
        "model",
        1,
        "run",
        "job",
        1,
        Instant.EPOCH,
        1,
        1,
        Map.of(),
        Map.of(),
        Lineage.NONE,
        new Signature(List.of("x"), List.of(1), "float32", List.of()),
        JsonNodeFactory.instance.objectNode(),
        "any",
        entries);
  }

  private static Named named(String name, float... values) {
    return new Named(name, Shape.of(values.length), Floats.of(values, 0));
  }
}
