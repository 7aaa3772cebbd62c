package io.tapestream.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RemoteFlinkTest {
  private final ClassLoader loader = getClass().getClassLoader();

  @Test
  void whereNothingAnswersTheCommandIsNamed() {
    assertThatThrownBy(() -> RemoteFlink.connect(URI.create("http://127.0.0.1:1"), loader))
        .isInstanceOf(ClusterException.class)
        .hasMessageContaining("no Flink cluster answers at http://127.0.0.1:1")
        .hasMessageContaining("tapestream cluster up");
  }

  @ParameterizedTest
  @CsvSource({"1.20.0,runs Flink 1.20.0", "2.3.0,runs Flink 2.3.0", "'',is no Flink"})
  void anotherFlinkIsRefused(String version, String told) throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    byte[] answer =
        (version.isEmpty() ? "{}" : "{\"flink-version\": \"" + version + "\"}")
            .getBytes(StandardCharsets.UTF_8);
    server.createContext(
        "/overview",
        exchange -> {
          exchange.sendResponseHeaders(200, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    server.start();
    try {
      URI target = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
      assertThatThrownBy(() -> RemoteFlink.connect(target, loader))
          .isInstanceOf(ClusterException.class)
          .hasMessageContaining(told)
          .hasMessageContaining("made for Flink 2.2.x");
    } finally {
      server.stop(0);
    }
  }

  @ParameterizedTest
  @CsvSource({"https://host:8081", "http://host", "host:8081"})
  void aTargetIsAnAddressWithAPort(String target) {
    assertThatThrownBy(() -> RemoteFlink.connect(URI.create(target), loader))
        .isInstanceOf(ClusterException.class)
        .hasMessageContaining("http://host:port");
  }
}
