package io.tapestream.benchmarks.stream;

import io.tapestream.jobs.FlinkCluster;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Collection;
import java.util.DoubleSummaryStatistics;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.Collectors;

/**
 * The pages at which the processes of a cluster tell Prometheus their metrics. A page holds what
 * its process counts when it is asked, and nothing else is computed for it; what Flink's REST
 * interface tells was collected before, a second or more ago.
 */
final class MetricPages {
  /** What Flink puts before the names of an operator's metrics. */
  private static final String OPERATOR = "flink_taskmanager_job_task_operator_";

  /** What every process tells: the server of these pages can't go on after an empty one. */
  private static final String ALWAYS =
      "name%5B%5D=flink_taskmanager_Status_JVM_Threads_Count"
          + "&name%5B%5D=flink_jobmanager_Status_JVM_Threads_Count";

  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final List<Integer> ports;
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(PATIENCE).build();

  /**
   * @param ports of this machine, one for each process
   */
  MetricPages(List<Integer> ports) {
    this.ports = List.copyOf(ports);
  }

  /**
   * Reads all pages, one after the other.
   *
   * @param names of operators' metrics
   * @throws IOException if a process does not answer, or not with its metrics
   */
  FlinkCluster.Metrics read(Collection<String> names) throws IOException, InterruptedException {
    String query =
        names.stream()
            .map(name -> "&name%5B%5D=" + OPERATOR + name)
            .collect(Collectors.joining("", ALWAYS, ""));
    Told told = new Told(new HashMap<>());
    for (int port : ports) {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/metrics?" + query))
              .timeout(PATIENCE)
              .build();
      HttpResponse<String> page = http.send(request, HttpResponse.BodyHandlers.ofString());
      if (page.statusCode() != 200) {
        throw new IOException(request.uri() + " answers " + page.statusCode());
      }
      told.add(page.body());
    }
    return told;
  }

  /**
   * Values by their metric's name.
   *
   * @param values over the subtasks that tell a number
   */
  record Told(Map<String, DoubleSummaryStatistics> values) implements FlinkCluster.Metrics {

    /** Adds a page in Prometheus's text form: {@code name{label="value",} number}. */
    void add(String page) {
      page.lines()
          .filter(line -> line.startsWith(OPERATOR))
          .forEach(
              line -> {
                String name = line.substring(OPERATOR.length(), line.indexOf('{'));
                double value = Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1));
                if (!Double.isNaN(value)) {
                  values.computeIfAbsent(name, n -> new DoubleSummaryStatistics()).accept(value);
                }
              });
    }

    @Override
    public OptionalDouble max(String name) {
      DoubleSummaryStatistics told = values.get(name);
      return told == null ? OptionalDouble.empty() : OptionalDouble.of(told.getMax());
    }

    @Override
    public double sum(String name) {
      DoubleSummaryStatistics told = values.get(name);
      return told == null ? 0 : told.getSum();
    }
  }
}
