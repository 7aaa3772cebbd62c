package io.tapestream.serving.server;

import static io.tapestream.serving.follow.SumModel.oneFeature;
import static io.tapestream.serving.follow.SumModel.publish;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.serving.follow.ModelFollower;
import io.tapestream.serving.follow.SumModel;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class TlsTest {
  private static final String PASSWORD = "changeit";

  @TempDir Path directory;

  @Test
  void aPkcs12StoreServesHttps() throws Exception {
    Path store = selfSigned("first");
    assertAnswers(Tls.pkcs12(store, PASSWORD), certificate(store));
    assertThat(Tls.pkcs12(store, PASSWORD).toString()).doesNotContain(PASSWORD);
  }

  @Test
  void pemFilesServeHttps() throws Exception {
    Path store = selfSigned("first");
    Path certificate = pem("CERTIFICATE", certificate(store).getEncoded());
    Path key = pem("PRIVATE KEY", key(store).getEncoded());
    assertAnswers(Tls.pem(certificate, key), certificate(store));
  }

  @Test
  void filesThatHoldNoKeyAreRefusedWithTheFix() throws Exception {
    Path store = selfSigned("first");
    Path certificate = pem("CERTIFICATE", certificate(store).getEncoded());
    assertThatThrownBy(() -> Tls.pem(certificate, certificate).load())
        .hasMessageContaining("openssl pkcs8 -topk8");
    assertThatThrownBy(() -> Tls.pkcs12(store, "wrong").load()).hasMessageContaining("password");
  }

  @Test
  void aReplacedCertificateHoldsForNewConnectionsAndABadOneDoesNot() throws Exception {
    Path store = selfSigned("first");
    Path second = selfSigned("second");
    HttpSettings settings = HttpSettings.loopback(0).withTls(Tls.pkcs12(store, PASSWORD));
    try (ModelFollower follower = new SumModel().follower(directory);
        ModelServer server =
            ModelServer.start(List.of(follower), settings, Duration.ofMillis(50))) {
      assertThat(presented(server)).isEqualTo(certificate(store));
      X509Certificate next = certificate(second);
      Files.write(store, new byte[7]);
      Thread.sleep(300);
      Files.move(second, store, StandardCopyOption.REPLACE_EXISTING);
      while (!presented(server).equals(next)) {
        Thread.sleep(50);
      }
    }
  }

  @Test
  void aKeyIsTakenWithItsOwnCertificateOnly() throws Exception {
    Path first = selfSigned("first");
    Path second = selfSigned("second");
    Path certificate = pem("CERTIFICATE", certificate(first).getEncoded());
    Path key = pem("PRIVATE KEY", key(second).getEncoded());
    assertThatThrownBy(() -> Tls.pem(certificate, key).load())
        .hasMessageContaining("the certificate is that of another key");

    KeyStore other = load(first);
    other.setKeyEntry(
        "server", key(second), PASSWORD.toCharArray(), new Certificate[] {certificate(first)});
    assertThatThrownBy(() -> Tls.pkcs12(write(other), PASSWORD).load())
        .hasMessageContaining("the certificate is that of another key");

    KeyStore keyless = load(first);
    keyless.deleteEntry("server");
    keyless.setCertificateEntry("server", certificate(second));
    assertThatThrownBy(() -> Tls.pkcs12(write(keyless), PASSWORD).load())
        .hasMessageContaining("holds no key");
  }

  private void assertAnswers(Tls tls, X509Certificate trusted) throws Exception {
    publish(directory, 1, oneFeature(1));
    try (ModelFollower follower = new SumModel().follower(directory);
        ModelServer server =
            ModelServer.start(List.of(follower), HttpSettings.loopback(0).withTls(tls))) {
      follower.checkNow();
      assertThat(server.url()).startsWith("https://");
      HttpClient http = HttpClient.newBuilder().sslContext(trusting(trusted)).build();
      Client client = new Client(http, server.url());
      assertThat(client.post("/v1/models/sum:predict", "{'instances': [[1]]}").body())
          .isEqualTo("{\"predictions\":[[2.0]]}");
    }
  }

  /** The certificate that a new connection is shown. */
  private static X509Certificate presented(ModelServer server) throws Exception {
    SSLContext anyone = SSLContext.getInstance("TLS");
    anyone.init(null, new TrustManager[] {new Trusting()}, null);
    try (SSLSocket socket =
        (SSLSocket)
            anyone
                .getSocketFactory()
                .createSocket(InetAddress.getLoopbackAddress(), server.port())) {
      socket.startHandshake();
      return (X509Certificate) socket.getSession().getPeerCertificates()[0];
    }
  }

  private static final class Trusting implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }

  private static SSLContext trusting(Certificate certificate) throws Exception {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("server", certificate);
    TrustManagerFactory managers =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    managers.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, managers.getTrustManagers(), null);
    return context;
  }

  private Path selfSigned(String name) throws Exception {
    Path store = directory.resolve(name + ".p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                "server",
                "-keyalg",
                "EC",
                "-dname",
                "CN=" + name,
                "-ext",
                "SAN=IP:127.0.0.1",
                "-storetype",
                "PKCS12",
                "-keystore",
                store.toString(),
                "-storepass",
                PASSWORD)
            .redirectErrorStream(true)
            .start();
    String output = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(keytool.waitFor()).as(output).isZero();
    return store;
  }

  private static KeyStore load(Path store) throws Exception {
    KeyStore loaded = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      loaded.load(in, PASSWORD.toCharArray());
    }
    return loaded;
  }

  private Path write(KeyStore store) throws Exception {
    Path file = directory.resolve("written.p12");
    try (OutputStream out = Files.newOutputStream(file)) {
      store.store(out, PASSWORD.toCharArray());
    }
    return file;
  }

  private static X509Certificate certificate(Path store) throws Exception {
    return (X509Certificate) load(store).getCertificate("server");
  }

  private static Key key(Path store) throws Exception {
    return load(store).getKey("server", PASSWORD.toCharArray());
  }

  private Path pem(String type, byte[] content) throws Exception {
    String text =
        "-----BEGIN %s-----\n%s\n-----END %s-----\n"
            .formatted(
                type, Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content), type);
    return Files.writeString(directory.resolve(type.replace(' ', '-') + ".pem"), text);
  }
}
