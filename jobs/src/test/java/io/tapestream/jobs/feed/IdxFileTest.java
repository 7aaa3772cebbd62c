package io.tapestream.jobs.feed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

class IdxFileTest {
  private static final byte[] TWO_IMAGES =
      HexFormat.of()
          .parseHex("00000803" + "00000002" + "00000001" + "00000003" + "000102" + "fdfeff");

  @Test
  void itemsAreReadInOrderPackedOrNot() throws IOException {
    for (byte[] file : new byte[][] {TWO_IMAGES, gzip(TWO_IMAGES)}) {
      IdxFile images = IdxFile.read(new ByteArrayInputStream(file), "images");
      assertThat(images.count()).isEqualTo(2);
      assertThat(images.itemShape()).containsExactly(1, 3);
      assertThat(images.item(0)).containsExactly(0, 1, 2);
      assertThat(images.value(1, 2)).isEqualTo(255);
    }
  }

  @Test
  void aFileThatEndsEarlyOrIsOfAnotherKindIsNamed() {
    byte[] truncated = Arrays.copyOf(TWO_IMAGES, TWO_IMAGES.length - 1);
    assertThatThrownBy(() -> IdxFile.read(new ByteArrayInputStream(truncated), "images"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("images ends before");
    byte[] other = "PK and more".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    assertThatThrownBy(() -> IdxFile.read(new ByteArrayInputStream(other), "images"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("images is no IDX file");
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    }
    return out.toByteArray();
  }
}
