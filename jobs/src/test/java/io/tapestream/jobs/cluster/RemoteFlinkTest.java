package io.tapestream.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.tapestream.jobs.FlinkCluster;
import io.tapestream.jobs.Reasons;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.core.execution.JobClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against a job manager that says what a test tells it to. */
class RemoteFlinkTest {
  private static final String JOB = "0123456789abcdef0123456789abcdef";

  private final ClassLoader loader = getClass().getClassLoader();

  /** Answers by path and query; everything else is not found. */
  private final Map<String, String> answers = new HashMap<>();

  private HttpServer server;
  private URI target;

  @BeforeEach
  void answer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          String body = answers.get(exchange.getRequestURI().toString());
          byte[] bytes = (body == null ? "{}" : body).getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(body == null ? 404 : 200, bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
    server.start();
    target = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    answers.put("/overview", "{\"flink-version\": \"2.2.1\", \"slots-available\": 3}");
    answers.put(
        "/jobs/overview",
        """
        {"jobs": [{"jid": "%s", "name": "clicks", "end-time": -1},
                  {"jid": "f%s", "name": "clicks", "end-time": 5}]}
        """
            .formatted(JOB, JOB.substring(1)));
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  @Test
  void aRunningJobIsFoundByItsNameAndItsMetricsAreRead() throws Exception {
    String vertices = "/jobs/" + JOB + "/vertices/";
    answers.put("/jobs/" + JOB, "{\"vertices\": [{\"id\": \"a\"}, {\"id\": \"b\"}]}");
    answers.put(
        vertices + "a/subtasks/metrics", "[{\"id\": \"Train.rejected\"}, {\"id\": \"Train.x\"}]");
    answers.put(
        vertices + "b/subtasks/metrics", "[{\"id\": \"Server.round\"}, {\"id\": \"numRecords\"}]");
    answers.put(
        vertices + "a/subtasks/metrics?agg=max,sum&get=Train.rejected",
        "[{\"id\": \"Train.rejected\", \"max\": 2, \"sum\": 3}]");
    answers.put(
        vertices + "b/subtasks/metrics?agg=max,sum&get=Server.round",
        "[{\"id\": \"Server.round\", \"max\": 7, \"sum\": 14}]");
    try (RemoteFlink flink = RemoteFlink.connect(target, loader)) {
      assertThat(flink.freeSlots()).isEqualTo(3);
      JobClient job = flink.find("clicks");
      assertThat(job.getJobID()).hasToString(JOB);

      FlinkCluster.Metrics metrics = flink.metrics(job, List.of("round", "rejected", "loss"));

      assertThat(metrics.max("round")).hasValue(7);
      assertThat(metrics.sum("rejected")).isEqualTo(3);
      assertThat(metrics.max("loss")).isEmpty();
    }
  }

  @Test
  void whatIsNotToldNowIsNothingAndNoError() throws Exception {
    try (RemoteFlink flink = RemoteFlink.connect(target, loader)) {
      JobClient job = flink.find(JOB);
      assertThat(flink.metrics(job, List.of("round")).max("round")).isEmpty();
      assertThat(flink.lastFailure(job)).isEmpty();
    }
  }

  @Test
  void theLastFailureIsToldWithItsReasons() throws Exception {
    answers.put(
        "/jobs/" + JOB + "/exceptions?maxExceptions=1",
        """
        {"exceptionHistory": {"entries": [{"timestamp": 1000, "stacktrace":
          "org.apache.flink.runtime.JobException: suppressed\\n\\tat a.B.c(B.java:1)\\nCaused by: java.io.IOException: disk full\\n\\tat a.B.c(B.java:2)"}]}}
        """);
    try (RemoteFlink flink = RemoteFlink.connect(target, loader)) {
      assertThat(flink.lastFailure(flink.find("clicks")))
          .hasValueSatisfying(
              failure -> {
                assertThat(failure.time()).isEqualTo(Instant.ofEpochMilli(1000));
                assertThat(Reasons.of(failure.reason())).containsExactly("disk full");
              });
    }
  }

  @Test
  void aJobThatIsNotThereIsNamedWithThoseThatAre() throws Exception {
    try (RemoteFlink flink = RemoteFlink.connect(target, loader)) {
      assertThatThrownBy(() -> flink.find("views"))
          .isInstanceOf(ClusterException.class)
          .hasMessageContaining("no job views")
          .hasMessageContaining("clicks " + JOB);
    }
  }

  @Test
  void whereNothingAnswersTheCommandIsNamed() {
    assertThatThrownBy(() -> RemoteFlink.connect(URI.create("http://127.0.0.1:1"), loader))
        .isInstanceOf(ClusterException.class)
        .hasMessageContaining("no Flink cluster answers at http://127.0.0.1:1")
        .hasMessageContaining("tapestream cluster up");
  }

  @ParameterizedTest
  @CsvSource({"1.20.0,runs Flink 1.20.0", "2.3.0,runs Flink 2.3.0", "'',is no Flink"})
  void anotherFlinkIsRefused(String version, String told) {
    answers.put("/overview", version.isEmpty() ? "{}" : "{\"flink-version\": \"" + version + "\"}");
    assertThatThrownBy(() -> RemoteFlink.connect(target, loader))
        .isInstanceOf(ClusterException.class)
        .hasMessageContaining(told)
        .hasMessageContaining("made for Flink 2.2.x");
  }

  @ParameterizedTest
  @CsvSource({"https://host:8081", "http://host", "host:8081"})
  void aTargetIsAnAddressWithAPort(String target) {
    assertThatThrownBy(() -> RemoteFlink.connect(URI.create(target), loader))
        .isInstanceOf(ClusterException.class)
        .hasMessageContaining("http://host:port");
  }
}
