package io.tapestream.benchmarks.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.tapestream.jobs.FlinkCluster;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MetricPagesTest {
  private static final String PREFIX = "flink_taskmanager_job_task_operator_";

  private final List<HttpServer> processes = new ArrayList<>();
  private final List<String> queries = new ArrayList<>();

  @AfterEach
  void stop() {
    processes.forEach(process -> process.stop(0));
  }

  @Test
  void whatAllProcessesTellOfAMetricIsOneGreatestValueAndOneSum() throws Exception {
    int first =
        process(
            """
            # HELP flink_taskmanager_job_task_operator_bytesUp bytesUp (scope: taskmanager_job)
            # TYPE flink_taskmanager_job_task_operator_bytesUp gauge
            flink_taskmanager_job_task_operator_bytesUp{host="a",subtask_index="0",} 1.5E7
            flink_taskmanager_job_task_operator_loss{host="a",subtask_index="0",} NaN
            """);
    int second =
        process(
            """
            flink_taskmanager_job_task_operator_bytesUp{host="a b",subtask_index="1",} 3.0
            """);

    FlinkCluster.Metrics metrics =
        new MetricPages(List.of(first, second)).read(List.of("bytesUp", "loss"));

    assertThat(metrics.sum("bytesUp")).isEqualTo(15_000_003);
    assertThat(metrics.max("bytesUp")).hasValue(1.5e7);
    assertThat(metrics.max("loss")).as("none that is a number").isEmpty();
    assertThat(queries)
        .hasSize(2)
        .allSatisfy(
            query ->
                assertThat(query)
                    .as("no process computes much more than was asked for")
                    .startsWith("name[]=flink_taskmanager_Status_JVM_Threads_Count&name[]=")
                    .endsWith("&name[]=%sbytesUp&name[]=%sloss".formatted(PREFIX, PREFIX)));
  }

  @Test
  void aProcessThatDoesNotAnswerIsNoZero() throws Exception {
    int port = process("");
    stop();

    assertThatThrownBy(() -> new MetricPages(List.of(port)).read(List.of("records")))
        .isInstanceOf(IOException.class);
  }

  /** A process that tells a page at a port. */
  private int process(String page) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/metrics",
        exchange -> {
          queries.add(exchange.getRequestURI().getQuery());
          byte[] body = page.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, body.length == 0 ? -1 : body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    processes.add(server);
    return server.getAddress().getPort();
  }
}
