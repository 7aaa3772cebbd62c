package io.tapestream.jobs.spec;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.tapestream.files.FileEntry;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Comparator;
import java.util.List;

/**
 * One text for all job files that ask for the same: each key with the value that counts, defaults
 * included, one a line, sorted; the keys of settings that have several are sorted too.
 *
 * <pre>
 * batchSize=32
 * checkpoints.directory=checkpoints
 * …
 * </pre>
 *
 * <p>Order, comments, blanks and spelled-out defaults make no difference. {@code 10 s} and {@code
 * 10000 ms} are not taken for the same.
 */
final class Canonical {
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS).build();

  private Canonical() {}

  /** SHA-256 of the text in UTF-8, in lower-case hexadecimal digits. */
  static String digest(List<Setting> settings) {
    MessageDigest digest = FileEntry.newDigest();
    settings.stream()
        .sorted(Comparator.comparing(Setting::key))
        .map(setting -> setting.key() + "=" + sorted(setting.value()) + "\n")
        .forEach(line -> digest.update(line.getBytes(StandardCharsets.UTF_8)));
    return FileEntry.hex(digest);
  }

  private static String sorted(String value) {
    if (!value.startsWith("{") && !value.startsWith("[")) {
      return value;
    }
    try {
      JsonNode node = JSON.readTree(value);
      return JSON.writeValueAsString(JSON.treeToValue(node, Object.class));
    } catch (JsonProcessingException e) {
      return value; // a text that begins like JSON
    }
  }
}
