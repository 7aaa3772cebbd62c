package io.tapestream.files;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Optional;

/**
 * {@code manifest.json.sig}: the signature of the manifest's bytes, which in turn hold the SHA-256
 * of every other file.
 *
 * <pre>
 * {"algorithm":"Ed25519","key":"9f86d081…","signature":"base64 of 64 bytes"}
 * </pre>
 *
 * <p>It is put in place before the manifest is, so that a version is never seen without it (I4).
 */
public final class VersionSignature {
  /** Name of the file in a version's directory. */
  public static final String FILE = Manifest.FILE + ".sig";

  private static final ObjectMapper JSON = new ObjectMapper();

  private final String key;
  private final byte[] signature;

  VersionSignature(String key, byte[] signature) {
    this.key = key;
    this.signature = signature.clone();
  }

  /**
   * The signature of a version, or empty if it has none.
   *
   * @throws InvalidVersionException if the file isn't one
   */
  public static Optional<VersionSignature> read(Path directory) throws IOException {
    Path file = directory.resolve(FILE);
    try {
      JsonNode json = JSON.readTree(Files.readAllBytes(file));
      if (!json.path("algorithm").asText().equals(VersionKey.ALGORITHM)
          || !json.path("key").isTextual()
          || !json.path("signature").isTextual()) {
        throw new InvalidVersionException(file + " is no signature by an Ed25519 key");
      }
      String text = json.get("signature").textValue();
      byte[] signature = Base64.getDecoder().decode(text);
      if (!Base64.getEncoder().encodeToString(signature).equals(text)) {
        throw new InvalidVersionException(file + " is no signature: its base64 has odd bits");
      }
      return Optional.of(new VersionSignature(json.get("key").textValue(), signature));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (JsonProcessingException | IllegalArgumentException e) {
      throw new InvalidVersionException(file + " is no signature: " + e.getMessage(), e);
    }
  }

  /** The {@linkplain VersionKey#fingerprint fingerprint} of the key that it says it is by. */
  public String key() {
    return key;
  }

  /** Whether it is this key's signature of these bytes. */
  public boolean isOf(byte[] manifest, VersionKey by) {
    return by.fingerprint().equals(key) && by.verifies(manifest, signature);
  }

  /** The file's text. */
  public String toJson() {
    return JSON.createObjectNode()
        .put("algorithm", VersionKey.ALGORITHM)
        .put("key", key)
        .put("signature", Base64.getEncoder().encodeToString(signature))
        .toString();
  }
}
