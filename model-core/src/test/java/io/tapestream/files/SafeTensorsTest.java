package io.tapestream.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.files.SafeTensors.Contents;
import io.tapestream.files.SafeTensors.Floats;
import io.tapestream.files.SafeTensors.Named;
import io.tapestream.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafeTensorsTest {
  @TempDir Path directory;
  private Path file;

  @BeforeEach
  void name() {
    file = directory.resolve("weights.safetensors");
  }

  @Test
  void whatIsWrittenIsRead() throws IOException {
    float[] large = new float[40_000];
    for (int i = 0; i < large.length; i++) {
      large[i] = i / 7f;
    }
    SafeTensors.write(
        file,
        List.of(
            named("dense/kernel", Shape.of(200, 200), large),
            named("dense/bias", Shape.of(2), 1, Float.MIN_VALUE),
            named("scale", Shape.of(), -0f),
            named("none", Shape.of(0, 3))),
        Map.of("round", "7"));

    Contents contents = SafeTensors.read(file);

    assertThat(contents.metadata()).containsExactly(Map.entry("round", "7"));
    assertThat(contents.tensors())
        .extracting(Named::name)
        .containsExactly("dense/kernel", "dense/bias", "scale", "none");
    assertThat(contents.tensor("dense/kernel").shape()).isEqualTo(Shape.of(200, 200));
    assertThat(contents.tensor("dense/kernel").toFloats()).isEqualTo(large);
    assertThat(contents.tensor("dense/bias").toFloats()).containsExactly(1, Float.MIN_VALUE);
    assertThat(contents.tensor("scale").toFloats()).containsExactly(-0f);
    assertThatThrownBy(() -> contents.tensor("bias")).hasMessageContaining("no tensor \"bias\"");
  }

  @Test
  void theValuesOfAllTensorsInTheirOrderAreOneArray() throws IOException {
    SafeTensors.write(
        file,
        List.of(
            named("w", Shape.of(2, 2), 1, 2, 3, 4),
            named("none", Shape.of(0)),
            named("b", Shape.of(), -5)),
        Map.of());

    assertThat(SafeTensors.read(file).flat()).containsExactly(1, 2, 3, 4, -5);
    SafeTensors.write(directory.resolve("empty"), List.of(), Map.of());
    assertThat(SafeTensors.read(directory.resolve("empty")).flat()).isEmpty();
  }

  @Test
  void theBytesAreThoseOfTheFormat() throws IOException {
    SafeTensors.write(file, List.of(named("w", Shape.of(1), 1)), Map.of());

    String header = "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}";
    ByteBuffer expected = ByteBuffer.allocate(8 + 56 + 4).order(ByteOrder.LITTLE_ENDIAN);
    expected.putLong(56).put(header.getBytes(StandardCharsets.UTF_8));
    while (expected.position() < 64) {
      expected.put((byte) ' ');
    }
    expected.putFloat(1);
    assertThat(Files.readAllBytes(file)).isEqualTo(expected.array());
  }

  @Test
  void aNameIsUniqueAndAFileIsNotOverwritten() throws IOException {
    Named w = named("w", Shape.of(1), 1);

    SafeTensors.write(file, List.of(w), Map.of());

    assertThatThrownBy(() -> SafeTensors.write(directory.resolve("two"), List.of(w, w), Map.of()))
        .hasMessageContaining("two tensors are called \"w\"");
    assertThatThrownBy(() -> SafeTensors.write(file, List.of(w), Map.of()))
        .isInstanceOf(IOException.class);
  }

  @ParameterizedTest(name = "{1}")
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"w\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,4]}}       | dtype F16",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}       | can't lie at [0, 4]",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,-4]}}     | the shape of \"w\" says -1",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}       | begins at 4, expected 0",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}       | tensors take 0 bytes",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[70000,70000],\"data_offsets\":[0,4]}} | can't lie at [0, 4]",
        "{\"w\":{\"dtype\":\"F32\"}}                                            | lacks dtype, shape",
        "[1, 2, 3]                                                              | doesn't begin with a brace",
        "{{{{{{{{{{{{{{{{{{                                                     | no JSON",
      })
  void aFileThatIsWrongIsRefusedWithTheReason(String header, String reason) throws IOException {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes = ByteBuffer.allocate(8 + json.length + 4).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(json.length).put(json).putFloat(1);
    Files.write(file, bytes.array());

    assertThatThrownBy(() -> SafeTensors.read(file))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining(reason);
  }

  @Test
  void aTruncatedFileIsRefused() throws IOException {
    SafeTensors.write(file, List.of(named("w", Shape.of(100), new float[100])), Map.of());
    byte[] whole = Files.readAllBytes(file);

    for (int length : new int[] {0, 7, 20, whole.length - 1}) {
      Files.write(file, java.util.Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> SafeTensors.read(file))
          .as("%d bytes", length)
          .isInstanceOf(IOException.class);
    }
  }

  private static Named named(String name, Shape shape, float... values) {
    return new Named(name, shape, Floats.of(values, 0));
  }
}
