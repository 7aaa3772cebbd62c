package io.tapestream.files;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;

/**
 * The last field of a manifest: the SHA-256 of its own bytes, the digest's 64 digits taken as
 * zeros. So a byte that has changed anywhere in it is noticed.
 *
 * <pre>
 * …
 *   "digest" : "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
 * }
 * </pre>
 *
 * <p>It tells of damage; who wants to know who wrote a version has it signed ({@link VersionKey}).
 */
final class Seal {
  private static final String BEFORE = ",\n  \"digest\" : \"";
  private static final String AFTER = "\"\n}";
  private static final int DIGITS = 64;
  private static final int LENGTH = BEFORE.length() + DIGITS + AFTER.length();

  private Seal() {}

  /** A JSON object with its digest as the last field. */
  static String on(String json) {
    String body = json.stripTrailing();
    body = body.substring(0, body.length() - 1).stripTrailing(); // without the closing brace
    String zeros = body + BEFORE + "0".repeat(DIGITS) + AFTER;
    return body + BEFORE + digest(zeros.getBytes(StandardCharsets.UTF_8)) + AFTER;
  }

  /** Whether the bytes end with a digest, of theirs or of others. */
  static boolean isOn(byte[] json) {
    String end = end(json);
    return end.startsWith(BEFORE) && end.endsWith(AFTER);
  }

  /** Whether the bytes end with their own digest. */
  static boolean holds(byte[] json) {
    byte[] zeros = json.clone();
    int from = json.length - AFTER.length() - DIGITS;
    if (from < 0) {
      return false;
    }
    String digest = new String(json, from, DIGITS, StandardCharsets.ISO_8859_1);
    Arrays.fill(zeros, from, from + DIGITS, (byte) '0');
    return isOn(json) && digest(zeros).equals(digest);
  }

  private static String end(byte[] json) {
    int from = Math.max(0, json.length - LENGTH);
    return new String(json, from, json.length - from, StandardCharsets.ISO_8859_1);
  }

  private static String digest(byte[] bytes) {
    MessageDigest digest = FileEntry.newDigest();
    digest.update(bytes);
    return FileEntry.hex(digest);
  }
}
