package io.tapestream.files;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tapestream.files.SafeTensors.Floats;
import io.tapestream.files.SafeTensors.Named;
import io.tapestream.tensor.Shape;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.opentest4j.AssertionFailedError;

/**
 * What Hugging Face's own implementation makes of the same bytes, as {@code
 * reference/safetensors.py} asked it.
 */
class SafeTensorsReferenceTest {
  /** What the format's description forbids, or another than the described form, and it accepts. */
  private static final Set<String> STRICTER =
      Set.of(
          "test_whitespace_leading_padded_header",
          "name twice",
          "tensor is a list",
          "metadata is null");

  private static final JsonNode REFERENCE = reference();

  @TempDir private Path directory;

  @TestFactory
  Stream<DynamicTest> whatItRefusesIsRefusedAndWhatItAcceptsIsAcceptedWithTheSameTensors() {
    return REFERENCE.get("vectors").properties().stream()
        .map(vector -> DynamicTest.dynamicTest(vector.getKey(), () -> assertSame(vector)));
  }

  private void assertSame(Map.Entry<String, JsonNode> vector) throws IOException {
    Path file = Files.createTempFile(directory, "vector", ".safetensors");
    Files.write(file, bytes(vector.getValue()));
    Map<String, List<Long>> shapes = new TreeMap<>();
    IOException refusal = null;
    try {
      header(file)
          .entries()
          .forEach(
              entry ->
                  shapes.put(entry.name(), entry.dims().stream().map(Number::longValue).toList()));
    } catch (SafeTensorsHeader.Refused e) {
      refusal = new IOException(e);
    }
    JsonNode accepted = vector.getValue().path("accepted");
    if (accepted.isMissingNode() || STRICTER.contains(vector.getKey())) {
      assertThat(refusal).isNotNull();
      assertRefused(file);
    } else {
      Map<String, List<Long>> expected = new TreeMap<>();
      accepted
          .properties()
          .forEach(
              tensor -> {
                List<Long> dims = new ArrayList<>();
                tensor.getValue().forEach(dim -> dims.add(dim.longValue()));
                expected.put(tensor.getKey(), dims);
              });
      assertThat(refusal).isNull();
      assertThat(shapes).isEqualTo(expected);
    }
  }

  /** The header alone: tensors of other types than F32 have a place there, too. */
  private static SafeTensorsHeader header(Path file) throws IOException, SafeTensorsHeader.Refused {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    if (bytes.remaining() < 8) {
      throw new SafeTensorsHeader.Refused("it is short");
    }
    long length = bytes.getLong();
    if (length < 0 || length > SafeTensorsHeader.LONGEST || length > bytes.remaining()) {
      throw new SafeTensorsHeader.Refused("its header is long");
    }
    int dataLength = bytes.remaining() - (int) length;
    return SafeTensorsHeader.read(bytes.slice(8, (int) length), dataLength);
  }

  private static void assertRefused(Path file) {
    try {
      SafeTensors.read(file);
    } catch (IOException refused) {
      assertThat(refused).hasMessageContaining(" is no safetensors file: ");
      return;
    }
    throw new AssertionFailedError("it was read");
  }

  @Test
  void whatItWroteIsReadValueByValue() throws IOException {
    for (Map.Entry<String, JsonNode> written : REFERENCE.get("written").properties()) {
      Path file = Files.write(directory.resolve(written.getKey()), bytes(written.getValue()));
      SafeTensors.Contents contents = SafeTensors.read(file);
      assertTensors(contents.tensors(), written.getValue().get("tensors"));
      JsonNode metadata = new ObjectMapper().valueToTree(contents.metadata());
      assertThat(metadata).isEqualTo(written.getValue().get("metadata"));
    }
  }

  /** The files of {@link #written} went through it once; the same bytes are written now. */
  @Test
  void whatIsWrittenWasReadByItValueByValue() throws IOException {
    Path target = Files.createDirectories(Path.of("target", "safetensors"));
    for (Map.Entry<String, List<Named>> file : written().entrySet()) {
      Path path = target.resolve(file.getKey());
      Files.deleteIfExists(path);
      SafeTensors.write(path, file.getValue(), Map.of("model", "größer", "round", "7"));
    }
    for (Map.Entry<String, List<Named>> file : written().entrySet()) {
      Path path = target.resolve(file.getKey());
      JsonNode read = REFERENCE.get("read").path(file.getKey());
      assertThat(FileEntry.of(path).sha256()).isEqualTo(read.path("sha256").asText());
      assertTensors(file.getValue(), read.get("tensors"));
    }
  }

  private static Map<String, List<Named>> written() {
    List<Named> tensors =
        List.of(
            named("dense/kernel", Shape.of(3, 2), 1.5f, -2.25f, 0, -0f, 1.4E-45f, 3.4028235e38f),
            named("dense/bias", Shape.of(2), 0.1f, -0.1f),
            named("scalar", Shape.of(), 42),
            named("empty", Shape.of(0, 4)),
            named("ünicode \"quoted\"", Shape.of(1, 1, 1), 7));
    List<List<Named>> shares = SafeTensorsIndex.divide(tensors, 24);
    Map<String, List<Named>> files = new TreeMap<>(Map.of("whole.safetensors", tensors));
    for (int i = 0; i < shares.size(); i++) {
      files.put(SafeTensorsIndex.fileName("weights", i, shares.size()), shares.get(i));
    }
    return files;
  }

  private static void assertTensors(List<Named> tensors, JsonNode expected) {
    assertThat(tensors).hasSize(expected.size());
    for (Named tensor : tensors) {
      JsonNode same = expected.get(tensor.name());
      assertThat(Arrays.toString(tensor.shape().dims()).replace(" ", ""))
          .isEqualTo(same.get("shape").toString());
      float[] values = tensor.toFloats();
      assertThat(same.get("values")).hasSize(values.length);
      for (int i = 0; i < values.length; i++) {
        assertThat((float) same.get("values").get(i).doubleValue()).isEqualTo(values[i]);
      }
    }
  }

  private static Named named(String name, Shape shape, float... values) {
    return new Named(name, shape, Floats.of(values, 0));
  }

  private static byte[] bytes(JsonNode vector) {
    return Base64.getDecoder().decode(vector.get("bytes").textValue());
  }

  private static JsonNode reference() {
    String name = "/reference/safetensors.json";
    try (InputStream json = SafeTensorsReferenceTest.class.getResourceAsStream(name)) {
      return new ObjectMapper().readTree(Objects.requireNonNull(json, name));
    } catch (IOException e) {
      throw new IllegalStateException("can't read " + name, e);
    }
  }
}
