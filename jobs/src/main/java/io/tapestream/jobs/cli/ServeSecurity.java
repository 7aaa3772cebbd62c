package io.tapestream.jobs.cli;

import io.tapestream.serving.server.BearerToken;
import io.tapestream.serving.server.HttpSettings;
import io.tapestream.serving.server.Tls;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options of {@code serve}: TLS, and a token that clients must show. Secrets come from files. */
final class ServeSecurity {
  static final String TOKEN_VARIABLE = "TAPESTREAM_TOKEN";
  static final String PASSWORD_VARIABLE = "TAPESTREAM_KEYSTORE_PASSWORD";

  @Option(
      names = "--tls-certificate",
      paramLabel = "PEM",
      description =
          "Speak HTTPS with this certificate, and those that vouch for it; needs --tls-key. Files"
              + " that are replaced hold for new connections within seconds.")
  private @Nullable Path certificate;

  @Option(
      names = "--tls-key",
      paramLabel = "PEM",
      description = "The certificate's key, unencrypted, as PKCS #8.")
  private @Nullable Path key;

  @Option(
      names = "--tls-keystore",
      paramLabel = "P12",
      description =
          "Instead: a PKCS #12 file, with its password in the environment as "
              + PASSWORD_VARIABLE
              + ".")
  private @Nullable Path keystore;

  @Option(
      names = "--token-file",
      paramLabel = "FILE",
      description =
          "Answer only who sends the token in this file, or in the environment as "
              + TOKEN_VARIABLE
              + ": Authorization: Bearer TOKEN. Health is told to everybody.")
  private @Nullable Path tokenFile;

  /**
   * The settings with TLS and token as they are asked for.
   *
   * @throws IOException if a file can't be used
   * @throws IllegalArgumentException if options contradict each other or one is missing
   */
  HttpSettings applyTo(HttpSettings settings, Map<String, String> environment) throws IOException {
    HttpSettings with = settings;
    Tls tls = tls(environment);
    if (tls != null) {
      with = with.withTls(tls);
    }
    String token = environment.get(TOKEN_VARIABLE);
    if (tokenFile != null) {
      return with.withToken(BearerToken.read(tokenFile));
    }
    return token == null ? with : with.withToken(BearerToken.of(token));
  }

  private @Nullable Tls tls(Map<String, String> environment) {
    if (keystore != null) {
      if (certificate != null || key != null) {
        throw new IllegalArgumentException(
            "give --tls-keystore or --tls-certificate with --tls-key, not both");
      }
      String password = environment.get(PASSWORD_VARIABLE);
      if (password == null) {
        throw new IllegalArgumentException(
            "--tls-keystore needs its password in the environment as " + PASSWORD_VARIABLE);
      }
      return Tls.pkcs12(keystore, password);
    }
    if (certificate == null && key == null) {
      return null;
    }
    if (certificate == null || key == null) {
      throw new IllegalArgumentException("--tls-certificate and --tls-key need each other");
    }
    return Tls.pem(certificate, key);
  }
}
