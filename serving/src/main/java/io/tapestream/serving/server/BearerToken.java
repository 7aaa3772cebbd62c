package io.tapestream.serving.server;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What clients must send as {@code Authorization: Bearer TOKEN}. Only its SHA-256 is kept, and
 * compared in a time that doesn't depend on where it differs.
 */
public final class BearerToken {
  private static final String SCHEME = "bearer ";

  private final byte[] sha256;

  private BearerToken(String token) {
    this.sha256 = digest(token);
  }

  /**
   * A token.
   *
   * @throws IllegalArgumentException if it is empty or holds white space
   */
  public static BearerToken of(String token) {
    if (token.isEmpty() || token.chars().anyMatch(Character::isWhitespace)) {
      throw new IllegalArgumentException("a token is one word and not empty");
    }
    return new BearerToken(token);
  }

  /**
   * The token in a file, without the white space around it.
   *
   * @throws IOException if the file can't be read or holds no token
   */
  public static BearerToken read(Path file) throws IOException {
    try {
      return of(Files.readString(file).strip());
    } catch (IllegalArgumentException e) {
      throw new IOException(file + " holds no token: " + e.getMessage(), e);
    }
  }

  /** Whether the value of an {@code Authorization} header shows it. */
  boolean isShownBy(@Nullable String authorization) {
    return authorization != null
        && authorization.toLowerCase(Locale.ROOT).startsWith(SCHEME)
        && MessageDigest.isEqual(sha256, digest(authorization.substring(SCHEME.length()).strip()));
  }

  private static byte[] digest(String token) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  @Override
  public String toString() {
    return "a bearer token"; // never in a log
  }
}
