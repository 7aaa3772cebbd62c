package io.tapestream.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SigningKeyTest {
  /** What {@code openssl genpkey -algorithm ed25519} and {@code openssl pkey -pubout} wrote. */
  private static final String PRIVATE =
      """
      -----BEGIN PRIVATE KEY-----
      MC4CAQAwBQYDK2VwBCIEIDy7qqCoJ32+ukNAkWKkG5Jvn8wfyvYt8x+nOOrPzmjc
      -----END PRIVATE KEY-----
      """;

  private static final String PUBLIC =
      """
      -----BEGIN PUBLIC KEY-----
      MCowBQYDK2VwAyEAOFejYuVWRxlRh2NE9sQUxGYMg56oyCVJvgpSVkNVkTc=
      -----END PUBLIC KEY-----
      """;

  /** {@code openssl pkey -pubin -outform DER | sha256sum}. */
  private static final String FINGERPRINT =
      "e0222ce2f9cb6fc5cb334f854aae370a7eb471f80b24a912d71ff062c00b6727";

  /** {@code openssl pkeyutl -sign -rawin} of {@code {"format": 2}}. */
  private static final String SIGNATURE =
      "kiwxqp+OPuJiQWEyxiX7TUspKahCvpNm4YBcxczWTeN2+gCM2Jlh3MgI7eoh36/jCzTBD5qArwTS9wEuBXopBQ==";

  @TempDir private Path directory;

  @Test
  void aPairOfKeysThatOpensslMadeSignsAndVerifiesAsOpensslDoes() throws IOException {
    SigningKey signing = SigningKey.read(file("key.pem", PRIVATE));
    VersionKey key = VersionKey.read(file("public.pem", PUBLIC));

    VersionSignature signature = signing.sign("{\"format\": 2}");

    assertThat(key.fingerprint()).isEqualTo(FINGERPRINT);
    assertThat(signing.verifying().fingerprint()).isEqualTo(FINGERPRINT);
    assertThat(signature.toJson())
        .isEqualTo(
            "{\"algorithm\":\"Ed25519\",\"key\":\"%s\",\"signature\":\"%s\"}"
                .formatted(FINGERPRINT, SIGNATURE));
    assertThat(signature.isOf("{\"format\": 2}".getBytes(StandardCharsets.UTF_8), key)).isTrue();
    assertThat(signature.isOf("{\"format\": 1}".getBytes(StandardCharsets.UTF_8), key)).isFalse();
    assertThat(signing.toPem()).isEqualTo(PRIVATE);
    assertThat(key.toPem()).isEqualTo(PUBLIC);
  }

  @Test
  void whatIsNoKeyIsRefusedWithoutShowingIt() throws IOException {
    Path secret = file("secret", "it is a secret");
    assertThatThrownBy(() -> SigningKey.read(secret))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no PRIVATE KEY in PEM form")
        .hasMessageNotContaining("it is a secret");
    assertThatThrownBy(() -> VersionKey.read(file("private.pem", PRIVATE)))
        .hasMessageContaining("no PUBLIC KEY");
    assertThatThrownBy(
            () -> SigningKey.read(file("other", PRIVATE.replace("K2VwBCIE", "K2VxBCIE"))))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no Ed25519 private key");
    assertThat(SigningKey.generate().toString()).matches("signing key [0-9a-f]{64}");
  }

  private Path file(String name, String text) throws IOException {
    return Files.writeString(directory.resolve(name), text);
  }
}
