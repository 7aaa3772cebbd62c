package io.tapestream.benchmarks.serving;

import io.tapestream.benchmarks.Contestant;
import io.tapestream.benchmarks.Interleaved;
import io.tapestream.benchmarks.Pace;
import io.tapestream.benchmarks.Report;
import io.tapestream.benchmarks.Workload;
import io.tapestream.benchmarks.peers.OnnxRuntime;
import io.tapestream.layers.ActivationFunction;
import io.tapestream.layers.Dense;
import io.tapestream.models.Model;
import io.tapestream.models.Sequential;
import io.tapestream.onnx.OnnxExport;
import io.tapestream.serving.follow.FollowSettings;
import io.tapestream.serving.follow.ModelFollower;
import io.tapestream.serving.server.HttpSettings;
import io.tapestream.serving.server.ModelServer;
import io.tapestream.tensor.Shape;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.StringJoiner;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * One model answering, in process and over HTTP, beside onnxruntime in process on the same weights.
 * Each computes on one thread.
 */
final class Requests {
  private static final Interleaved PACE =
      new Interleaved(Duration.ofSeconds(2), Duration.ofSeconds(1), 7);
  private static final int CLIENTS = 8;
  private static final double TOLERANCE = 1e-5;

  /** What is asked. */
  enum Served {
    MLP("784-256-128-10", Shape.of(784)) {
      @Override
      Model model() {
        return Sequential.of(
            new Dense(256, ActivationFunction.RELU),
            new Dense(128, ActivationFunction.RELU),
            new Dense(10));
      }
    },
    LENET("LeNet", Workload.LENET.input()) {
      @Override
      Model model() {
        return Workload.LENET.model();
      }
    };

    private final String title;

    @SuppressWarnings("ImmutableEnumChecker") // a shape is immutable
    private final Shape input;

    Served(String title, Shape input) {
      this.title = title;
      this.input = input;
    }

    abstract Model model();
  }

  private static final String PEER = "onnxruntime in process";

  private final Path directory;
  private final Interleaved pace;
  private final Map<String, Latencies> latencies = new LinkedHashMap<>();

  Requests(Path directory, Pace pace) {
    this.directory = directory;
    this.pace = pace.of(PACE);
  }

  void measure(Report report) throws Exception {
    for (Served served : Served.values()) {
      Path onnx = directory.resolve(served.name() + ".onnx");
      try (Model model = served.model()) {
        model.build(served.input, 1);
        new Publisher(directory, served.name(), model).publish(1);
        OnnxExport.write(model, onnx);
      }
      FollowSettings follow = FollowSettings.defaults().withThreads(1);
      try (ModelFollower follower = ModelFollower.start(directory, served.name(), follow);
          ModelServer server = ModelServer.start(List.of(follower), HttpSettings.loopback(0))) {
        if (follower.awaitVersion(1, Duration.ofSeconds(30)).isEmpty()) {
          throw new IllegalStateException(follower.whyNotServing());
        }
        for (int rows : new int[] {1, 32}) {
          measure(report, served, rows, onnx, follower, URI.create(server.url()));
        }
      }
    }
  }

  private void measure(
      Report report, Served served, int rows, Path onnx, ModelFollower follower, URI server)
      throws Exception {
    float[] examples = new float[rows * served.input.size()];
    SplittableRandom random = new SplittableRandom(rows);
    for (int i = 0; i < examples.length; i++) {
      examples[i] = (float) random.nextDouble();
    }
    latencies.clear();
    Map<String, Contestant> contestants = new LinkedHashMap<>();
    List<AutoCloseable> open = new ArrayList<>();
    try {
      OnnxRuntime peer = new OnnxRuntime(onnx, batched(rows, served.input), 10);
      open.add(peer);
      requireSame(peer.predict(examples), follower.predict(examples, rows).values());
      contestants.put(PEER, timed(PEER, () -> peer.predict(examples)));
      String library = "library in process";
      contestants.put(library, timed(library, () -> follower.predict(examples, rows)));
      for (int clients : new int[] {1, CLIENTS}) {
        String name = "server, JSON" + (clients == 1 ? "" : ", " + clients + " clients");
        List<HttpConnection> connections = connections(server, clients, open);
        byte[] request =
            connections
                .get(0)
                .request(
                    "/v1/models/" + served.name() + ":predict",
                    Map.of("Content-Type", "application/json"),
                    json(examples, served.input, rows));
        contestants.put(name, asking(name, connections, request));
      }
      Interleaved.Speeds speeds = pace.measure(contestants);
      contestants
          .keySet()
          .forEach(name -> row(report, served, rows, name, speeds, name.equals(PEER)));
    } finally {
      for (AutoCloseable resource : open) {
        resource.close();
      }
    }
  }

  private static List<HttpConnection> connections(URI server, int count, List<AutoCloseable> open)
      throws IOException {
    List<HttpConnection> connections = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      HttpConnection connection = new HttpConnection(server);
      connections.add(connection);
      open.add(connection);
    }
    return connections;
  }

  private void row(
      Report report,
      Served served,
      int rows,
      String name,
      Interleaved.Speeds speeds,
      boolean peer) {
    Latencies of = latencies.getOrDefault(name, new Latencies());
    Report.Row row =
        report
            .row("what", name)
            .with("model", served.title)
            .with("batch", rows)
            .with("requests/s", speeds.median(name))
            .with("examples/s", speeds.median(name) * rows)
            .with("p50 ms", of.millis(0.5))
            .with("p99 ms", of.millis(0.99));
    if (!peer) {
      row.with("over onnxruntime", speeds.ratio(name, PEER));
    }
  }

  /** One request after another, each timed; those of the warm-up are forgotten. */
  private Contestant timed(String name, Interleaved.Step request) {
    Latencies times = latencies.computeIfAbsent(name, n -> new Latencies());
    Interleaved.Step timed =
        () -> {
          long start = System.nanoTime();
          request.run();
          times.add(System.nanoTime() - start);
        };
    return withoutWarmUp(timed, times);
  }

  /** Each client one request after another; their rates are added. */
  private Contestant asking(String name, List<HttpConnection> connections, byte[] request) {
    Latencies times = latencies.computeIfAbsent(name, n -> new Latencies());
    return withoutWarmUp(
        atLeast -> {
          ExecutorService clients = Executors.newFixedThreadPool(connections.size());
          try {
            List<Future<Double>> rates = new ArrayList<>();
            for (HttpConnection connection : connections) {
              Interleaved.Step step = () -> ask(connection, request, times);
              rates.add(clients.submit(() -> step.perSecond(atLeast)));
            }
            double sum = 0;
            for (Future<Double> rate : rates) {
              sum += rate.get();
            }
            return sum;
          } finally {
            clients.shutdownNow();
          }
        },
        times);
  }

  private static void ask(HttpConnection connection, byte[] request, Latencies times)
      throws IOException {
    long start = System.nanoTime();
    HttpConnection.Answer answer = connection.send(request);
    times.add(System.nanoTime() - start);
    if (answer.status() != 200) {
      throw new IOException(
          "status " + answer.status() + ": " + new String(answer.body(), StandardCharsets.UTF_8));
    }
  }

  private Contestant withoutWarmUp(Contestant contestant, Latencies times) {
    boolean[] warm = {false};
    return atLeast -> {
      double rate = contestant.perSecond(atLeast);
      if (!warm[0]) {
        times.clear();
        warm[0] = true;
      }
      return rate;
    };
  }

  private static Shape batched(int rows, Shape example) {
    return example.prepend(rows);
  }

  private static void requireSame(float[] theirs, float[] ours) {
    for (int i = 0; i < ours.length; i++) {
      double most = TOLERANCE * Math.max(1, Math.abs(ours[i]));
      if (!(Math.abs(ours[i] - theirs[i]) <= most)) {
        throw new IllegalStateException(
            "output %d is %s here and %s in onnxruntime".formatted(i, ours[i], theirs[i]));
      }
    }
  }

  private static byte[] json(float[] examples, Shape input, int rows) {
    StringJoiner instances = new StringJoiner(",", "{\"instances\":[", "]}");
    int[] at = {0};
    for (int row = 0; row < rows; row++) {
      instances.add(nested(examples, at, input, 0));
    }
    return instances.toString().getBytes(StandardCharsets.US_ASCII);
  }

  private static String nested(float[] values, int[] at, Shape shape, int axis) {
    StringJoiner list = new StringJoiner(",", "[", "]");
    for (int i = 0; i < shape.dim(axis); i++) {
      list.add(
          axis == shape.rank() - 1
              ? Float.toString(values[at[0]++])
              : nested(values, at, shape, axis + 1));
    }
    return list.toString();
  }
}
