package io.tapestream.serving.server;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.tapestream.files.Manifest;
import io.tapestream.serving.follow.FollowStatus;
import io.tapestream.serving.follow.ModelFollower;
import io.tapestream.serving.protocol.Exchange;
import io.tapestream.serving.protocol.Models;
import io.tapestream.serving.protocol.Reply;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.function.IntSupplier;
import java.util.function.ToDoubleFunction;

/**
 * What the server shows at {@code /metrics}, in Prometheus's text form:
 *
 * <pre>
 * tapestream_serving_requests_total{model, protocol, version, status}   answered; of the last ten versions of a model
 * tapestream_serving_request_seconds{model, protocol}                   histogram: from the header to the answer
 * tapestream_serving_request_examples{model}                            histogram: examples of an answered request
 * tapestream_serving_batches_total{model}, tapestream_serving_batched_examples_total{model}   requests computed together
 * tapestream_serving_requests_in_flight
 * tapestream_serving_version{model}                                     the default version; 0 before the first
 * tapestream_serving_version_age_seconds{model}                         since it was published
 * tapestream_serving_versions_loaded{model}
 * tapestream_serving_swaps_total{model}, tapestream_serving_rejections_total{model}
 * </pre>
 *
 * <p>Model and version are empty where a request did not get that far.
 */
final class ServerMetrics {
  private static final int VERSIONS_KEPT = 10;
  private static final double[] SECONDS = {
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10
  };
  private static final double[] EXAMPLES = {1, 2, 4, 8, 16, 32, 64, 128, 256, 1024, 4096, 16384};

  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final Clock clock;
  private final Counter requests;
  private final Histogram seconds;
  private final Histogram examples;

  /** By model, the versions whose requests are counted, the oldest first; guarded by itself. */
  private final Map<String, Deque<String>> versions = new HashMap<>();

  ServerMetrics(Models models, IntSupplier inFlight, Clock clock) {
    this.clock = clock;
    this.requests =
        Counter.builder()
            .name("tapestream_serving_requests")
            .help("Requests answered")
            .labelNames("model", "protocol", "version", "status")
            .register(registry);
    this.seconds =
        Histogram.builder()
            .name("tapestream_serving_request_seconds")
            .help("From a request's header to its answer")
            .labelNames("model", "protocol")
            .classicOnly()
            .classicUpperBounds(SECONDS)
            .register(registry);
    this.examples =
        Histogram.builder()
            .name("tapestream_serving_request_examples")
            .help("Examples of an answered request")
            .labelNames("model")
            .classicOnly()
            .classicUpperBounds(EXAMPLES)
            .register(registry);
    GaugeWithCallback.builder()
        .name("tapestream_serving_requests_in_flight")
        .help("Requests that are being answered")
        .callback(gauge -> gauge.call(inFlight.getAsInt()))
        .register(registry);
    gauge(models, "version", "The default version; 0 before the first", ServerMetrics::version);
    gauge(models, "version_age_seconds", "Since the default version was published", this::age);
    gauge(models, "versions_loaded", "Versions in memory", status -> status.loaded().size());
    counter(models, "swaps", "Changes of the default version", FollowStatus::swaps);
    counter(models, "batches", "Batches computed, with batching", FollowStatus::batches);
    counter(models, "batched_examples", "Examples in batches", FollowStatus::batchedExamples);
    counter(models, "rejections", "Versions tried and refused", FollowStatus::rejected);
  }

  private void gauge(
      Models models, String name, String help, ToDoubleFunction<FollowStatus> value) {
    GaugeWithCallback.builder()
        .name("tapestream_serving_" + name)
        .help(help)
        .labelNames("model")
        .callback(
            gauge -> {
              for (ModelFollower follower : models.all()) {
                gauge.call(value.applyAsDouble(follower.status()), follower.model());
              }
            })
        .register(registry);
  }

  private void counter(
      Models models, String name, String help, ToDoubleFunction<FollowStatus> value) {
    CounterWithCallback.builder()
        .name("tapestream_serving_" + name)
        .help(help)
        .labelNames("model")
        .callback(
            counter -> {
              for (ModelFollower follower : models.all()) {
                counter.call(value.applyAsDouble(follower.status()), follower.model());
              }
            })
        .register(registry);
  }

  private static double version(FollowStatus status) {
    return status.serving().map(Manifest::version).orElse(0L);
  }

  private double age(FollowStatus status) {
    return status
        .serving()
        .map(now -> Duration.between(now.created(), clock.instant()).toMillis() / 1000.0)
        .orElse(Double.NaN);
  }

  /** Counts an answer. */
  void answered(Exchange exchange, String protocol, int status, Duration time) {
    String model = exchange.model() == null ? "" : exchange.model();
    Manifest manifest = exchange.version();
    String version = manifest == null ? "" : Long.toString(manifest.version());
    if (manifest != null) {
      keep(model, version);
    }
    requests.labelValues(model, protocol, version, Integer.toString(status)).inc();
    seconds.labelValues(model, protocol).observe(time.toNanos() / 1e9);
    if (exchange.rows() > 0) {
      examples.labelValues(model).observe(exchange.rows());
    }
  }

  /** Remembers that a version is counted, and forgets the oldest beyond the tenth. */
  private void keep(String model, String version) {
    synchronized (versions) {
      Deque<String> known = versions.computeIfAbsent(model, name -> new ArrayDeque<>());
      if (known.contains(version)) {
        return;
      }
      known.addLast(version);
      if (known.size() > VERSIONS_KEPT) {
        String oldest = known.removeFirst();
        requests.removeIf(labels -> labels.get(0).equals(model) && labels.get(2).equals(oldest));
      }
    }
  }

  Reply reply() throws IOException {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    PrometheusTextFormatWriter.create().write(text, registry.scrape());
    return new Reply(200, PrometheusTextFormatWriter.CONTENT_TYPE, text.toByteArray(), Map.of());
  }
}
