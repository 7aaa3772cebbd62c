package io.tapestream.serving.server;

import static io.tapestream.serving.follow.SumModel.oneFeature;
import static io.tapestream.serving.follow.SumModel.publish;
import static io.tapestream.serving.server.Client.assertError;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.serving.follow.FollowSettings;
import io.tapestream.serving.follow.ModelFollower;
import io.tapestream.serving.follow.SumModel;
import io.tapestream.serving.follow.WaitingModel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the server refuses, how it ends, and what it shows of itself. */
@Timeout(60)
class ModelServerLimitsTest {
  private static final String PREDICT = "/v1/models/sum:predict";
  private static final String ONE = "{'instances': [[1]]}";

  @TempDir Path directory;
  private final WaitingModel waiting = new WaitingModel();
  private ModelFollower follower;
  private ModelServer server;
  private Client client;

  private void serve(ModelFollower followed, HttpSettings settings) throws Exception {
    publish(directory, 1, oneFeature(1));
    followed.checkNow();
    follower = followed;
    server = ModelServer.start(List.of(followed), settings);
    client = Client.of(server);
  }

  private static HttpSettings limited(Limits limits) {
    return HttpSettings.loopback(0).withLimits(limits);
  }

  @AfterEach
  void stop() {
    waiting.go.countDown();
    if (server != null) {
      server.close();
      follower.close();
    }
  }

  @Test
  void tooManyRowsAreRefused() throws Exception {
    serve(new SumModel().follower(directory), limited(Limits.defaults().withRows(2)));
    assertThat(client.post(PREDICT, "{'instances': [[1], [2]]}").statusCode()).isEqualTo(200);
    assertError(
        client.post(PREDICT, "{'instances': [[1], [2], [3]]}"),
        413,
        "3 examples in a request, the server takes 2");
  }

  @Test
  void aBodyInAnEncodingIsRefused() throws Exception {
    serve(new SumModel().follower(directory), HttpSettings.loopback(0));
    assertError(client.post(PREDICT, ONE, "Content-Encoding", "gzip"), 415, "gzip");
    assertThat(client.post(PREDICT, ONE, "Content-Type", "text/plain").statusCode()).isEqualTo(200);
  }

  @Test
  void tooManyRequestsAtATimeAreSentAwayAndHealthIsStillTold() throws Exception {
    serve(
        waiting.follower(directory, FollowSettings.defaults()),
        limited(Limits.defaults().withRequests(1)));
    CompletableFuture<HttpResponse<String>> first = ask();
    waiting.asked.await();

    HttpResponse<String> second = client.post(PREDICT, ONE);

    assertError(second, 429, "more than 1 requests at a time");
    assertThat(second.headers().firstValue("Retry-After")).hasValue("1");
    assertThat(client.get("/readyz").statusCode()).isEqualTo(200);
    waiting.go.countDown();
    assertThat(first.get().body()).isEqualTo("{\"predictions\":[[1.0]]}");
  }

  @Test
  void whoseTurnDoesNotComeInTimeIsToldSo() throws Exception {
    FollowSettings settings =
        FollowSettings.defaults().withThreads(1).withPatience(Duration.ofMillis(50));
    serve(waiting.follower(directory, settings), HttpSettings.loopback(0));
    CompletableFuture<HttpResponse<String>> first = ask();
    waiting.asked.await();

    HttpResponse<String> second = client.post(PREDICT, ONE);

    assertError(second, 503, "waited 50 ms for its turn");
    assertThat(second.headers().firstValue("Retry-After")).hasValue("1");
    waiting.go.countDown();
    assertThat(first.get().statusCode()).isEqualTo(200);
  }

  @Test
  void anEndingServerIsNotReadyButFinishesWhatItHasBegun() throws Exception {
    HttpSettings.Farewell farewell =
        new HttpSettings.Farewell(Duration.ofSeconds(2), Duration.ofSeconds(20));
    serve(
        waiting.follower(directory, FollowSettings.defaults()),
        HttpSettings.loopback(0).withFarewell(farewell));
    CompletableFuture<HttpResponse<String>> first = ask();
    waiting.asked.await();

    CompletableFuture<Void> closing = CompletableFuture.runAsync(server::close);

    while (client.get("/readyz").statusCode() != 503) {
      assertThat(closing).isNotDone();
    }
    assertError(client.get("/v2/health/ready"), 503, "the server is ending");
    assertThat(client.get("/healthz").statusCode()).isEqualTo(200);
    assertThat(closing).isNotDone();
    CompletableFuture.delayedExecutor(3, TimeUnit.SECONDS).execute(waiting.go::countDown);
    assertThat(first.get().body()).isEqualTo("{\"predictions\":[[1.0]]}");
    closing.get();
    assertThatThrownBy(() -> client.get("/healthz")).isInstanceOf(IOException.class);
    server = null;
    follower.close();
  }

  @Test
  void withATokenOnlyHealthIsToldToEverybody() throws Exception {
    Path file = Files.writeString(directory.resolve("token"), "s3cret\n");
    serve(
        new SumModel().follower(directory),
        HttpSettings.loopback(0).withToken(BearerToken.read(file)));
    for (String wrong : List.of("Bearer s3cre", "Bearer s3cret2", "Basic s3cret", "s3cret")) {
      HttpResponse<String> refused = client.post(PREDICT, ONE, "Authorization", wrong);
      assertError(refused, 401, "Authorization: Bearer TOKEN");
      assertThat(refused.headers().firstValue("WWW-Authenticate")).hasValue("Bearer");
    }
    assertError(client.get("/metrics"), 401, "Bearer");
    assertError(client.get("/v2"), 401, "Bearer");
    assertThat(client.post(PREDICT, ONE, "Authorization", "Bearer s3cret").statusCode())
        .isEqualTo(200);
    assertThat(client.get("/healthz").statusCode()).isEqualTo(200);
    assertThat(client.get("/v2/health/live").statusCode()).isEqualTo(200);
    assertThat(BearerToken.of("s3cret").toString()).doesNotContain("s3cret");
    assertThatThrownBy(() -> BearerToken.of("two words")).hasMessageContaining("one word");
  }

  @Test
  void whyItIsNotReadyIsToldToWhoShowsTheToken() throws Exception {
    follower = new SumModel().follower(directory);
    server =
        ModelServer.start(
            List.of(follower), HttpSettings.loopback(0).withToken(BearerToken.of("s3cret")));
    client = Client.of(server);
    for (String path : List.of("/readyz", "/v2/health/ready")) {
      HttpResponse<String> untold = client.get(path);
      assertError(untold, 503, "not ready");
      assertThat(untold.body()).doesNotContain("version");
      assertError(
          client.get(path, "Authorization", "Bearer s3cret"), 503, "no complete version under");
    }
  }

  @Test
  void aSlowBodyWithoutATokenIsNotWaitedFor() throws Exception {
    serve(
        new SumModel().follower(directory),
        HttpSettings.loopback(0).withToken(BearerToken.of("s3cret")));
    for (String path : List.of(PREDICT, "/healthz")) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
        String head = "POST " + path + " HTTP/1.1\r\nHost: it\r\nContent-Length: 100000\r\n\r\n";
        socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
        socket.setSoTimeout(100); // between two bytes of the body
        long begin = System.nanoTime();
        byte[] answer = new byte[4096];
        int length = 0;
        while (length == 0) {
          socket.getOutputStream().write(' ');
          length = readIfAny(socket, answer);
        }
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(10));
        assertThat(new String(answer, 0, length, StandardCharsets.US_ASCII))
            .startsWith(path.equals(PREDICT) ? "HTTP/1.1 401" : "HTTP/1.1 200")
            .contains("Connection: close");
      }
    }
  }

  /** Bytes that have come by the socket's timeout; 0 if none has. */
  private static int readIfAny(Socket socket, byte[] into) throws IOException {
    try {
      return socket.getInputStream().read(into);
    } catch (SocketTimeoutException nothingYet) {
      return 0;
    }
  }

  @Test
  void aBodyThatTurnsOutTooLargeIsReadOnUntilItsSenderHasTheAnswer() throws Exception {
    serve(
        new SumModel().follower(directory),
        HttpSettings.loopback(0).withLimits(Limits.defaults().withBodyBytes(100)));
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      String head =
          "POST " + PREDICT + " HTTP/1.1\r\nHost: it\r\nTransfer-Encoding: chunked\r\n\r\n";
      String chunk = "3e8\r\n" + " ".repeat(1000) + "\r\n";
      socket
          .getOutputStream()
          .write((head + chunk.repeat(500)).getBytes(StandardCharsets.US_ASCII));
      socket.getOutputStream().write("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      byte[] answer = new byte[4096];
      int length = socket.getInputStream().read(answer);
      assertThat(new String(answer, 0, length, StandardCharsets.US_ASCII))
          .startsWith("HTTP/1.1 413")
          .contains("larger than 100 bytes");
    }
  }

  @Test
  void anAnswerMayTakeLongerThanAConnectionMayBeSilent() throws Exception {
    Duration idle = Duration.ofMillis(100);
    FollowSettings settings = FollowSettings.defaults().withPatience(Duration.ofSeconds(20));
    serve(waiting.follower(directory, settings), limited(Limits.defaults().withIdle(idle)));
    CompletableFuture<HttpResponse<String>> first = ask();
    waiting.asked.await();
    CompletableFuture.delayedExecutor(10 * idle.toMillis(), TimeUnit.MILLISECONDS)
        .execute(waiting.go::countDown);
    assertThat(first.get().body()).isEqualTo("{\"predictions\":[[1.0]]}");
    assertThat(first.get().headers().firstValue("Connection")).isEmpty();
  }

  @Test
  void anErrorOfTheModelKeepsNoSlot() throws Exception {
    waiting.go.countDown();
    serve(
        waiting.follower(directory, FollowSettings.defaults()),
        limited(Limits.defaults().withRequests(1)));
    for (int i = 0; i < 3; i++) {
      String breaks = "{'instances': [[" + WaitingModel.BREAKS + "]]}";
      assertThat(client.post(PREDICT, breaks).statusCode()).isEqualTo(500);
    }
    assertThat(client.post(PREDICT, ONE).statusCode()).isEqualTo(200);
  }

  @Test
  void metricsTellRequestsAndVersions() throws Exception {
    serve(new SumModel().follower(directory), HttpSettings.loopback(0));
    client.post(PREDICT, "{'instances': [[1], [2]]}");
    client.post(PREDICT, "{}");
    client.post(
        "/v2/models/sum/infer",
        "{'inputs': [{'name': 'x', 'shape': [1, 1], 'datatype': 'FP32', 'data': [1]}]}");
    Files.write(publish(directory, 2, oneFeature(1)).resolve("weights.safetensors"), new byte[1]);
    follower.checkNow();

    HttpResponse<String> metrics = client.get("/metrics");

    assertThat(metrics.headers().firstValue("Content-Type").orElseThrow())
        .startsWith("text/plain; version=0.0.4");
    assertThat(metrics.body())
        .contains(
            "tapestream_serving_requests_total{model=\"sum\",protocol=\"tensorflow\",status=\"200\",version=\"1\"}"
                + " 1.0")
        .contains(
            "tapestream_serving_requests_total{model=\"sum\",protocol=\"tensorflow\",status=\"400\",version=\"1\"}"
                + " 1.0")
        .contains(
            "tapestream_serving_requests_total{model=\"sum\",protocol=\"openinference\",status=\"200\",version=\"1\"}"
                + " 1.0")
        .contains(
            "tapestream_serving_request_seconds_count{model=\"sum\",protocol=\"tensorflow\"} 2")
        .contains("tapestream_serving_request_examples_sum{model=\"sum\"} 3.0")
        .contains("tapestream_serving_requests_in_flight 1.0")
        .contains("tapestream_serving_version{model=\"sum\"} 1.0")
        .contains("tapestream_serving_version_age_seconds{model=\"sum\"}")
        .contains("tapestream_serving_swaps_total{model=\"sum\"} 1.0")
        .contains("tapestream_serving_rejections_total{model=\"sum\"} 1.0");
  }

  @Test
  void metricsForgetVersionsThatAreLongGone() throws Exception {
    serve(new SumModel().follower(directory), HttpSettings.loopback(0));
    for (long version = 2; version <= 12; version++) {
      publish(directory, version, oneFeature(1));
      follower.checkNow();
      client.post(PREDICT, ONE);
    }
    assertThat(client.get("/metrics").body())
        .contains("version=\"12\"", "version=\"3\"")
        .doesNotContain("version=\"2\"");
  }

  private CompletableFuture<HttpResponse<String>> ask() {
    return client
        .http()
        .sendAsync(
            HttpRequest.newBuilder(URI.create(server.url() + PREDICT))
                .POST(BodyPublishers.ofString(ONE.replace('\'', '"')))
                .build(),
            BodyHandlers.ofString());
  }
}
