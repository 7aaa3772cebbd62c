package io.tapestream.files;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A key in a PEM file (RFC 7468), as openssl writes it. */
final class Pem {
  private static final Base64.Encoder LINES =
      Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII));

  private Pem() {}

  /**
   * The bytes of the first part of this label; never shown in an error.
   *
   * @param label such as {@code PRIVATE KEY}
   */
  static byte[] read(Path file, String label) throws IOException {
    Matcher part =
        Pattern.compile(
                "-----BEGIN " + label + "-----([A-Za-z0-9+/=\\s]+)-----END " + label + "-----")
            .matcher(Files.readString(file, StandardCharsets.ISO_8859_1));
    if (!part.find()) {
      throw new IOException(
          "%s has no %s in PEM form; for a pair of keys: openssl genpkey -algorithm ed25519 -out key.pem && openssl pkey -in key.pem -pubout -out public.pem"
              .formatted(file, label));
    }
    try {
      return Base64.getMimeDecoder().decode(part.group(1));
    } catch (IllegalArgumentException e) {
      throw new IOException("the " + label + " in " + file + " is not in base64", e);
    }
  }

  /** The file's text. */
  static String write(String label, byte[] der) {
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n"
        .formatted(label, LINES.encodeToString(der), label);
  }
}
