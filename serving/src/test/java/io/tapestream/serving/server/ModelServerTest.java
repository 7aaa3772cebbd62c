package io.tapestream.serving.server;

import static io.tapestream.serving.follow.SumModel.oneFeature;
import static io.tapestream.serving.follow.SumModel.publish;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tapestream.files.Manifest;
import io.tapestream.files.Signature;
import io.tapestream.serving.follow.ModelFollower;
import io.tapestream.serving.follow.SumModel;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelServerTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String PREDICT = "/v1/models/sum:predict";

  @TempDir Path directory;
  private final HttpClient client = HttpClient.newHttpClient();
  private ModelFollower follower;
  private ModelServer server;

  @BeforeEach
  void start() {
    follower = new SumModel().follower(directory);
    server = ModelServer.start(List.of(follower), HttpSettings.loopback(0));
  }

  @AfterEach
  void stop() {
    server.close();
    follower.close();
  }

  @Test
  void instancesInRowFormAreAnsweredWithPredictionsAndTheVersion() throws Exception {
    serve(7, oneFeature(2));

    HttpResponse<String> response = post(PREDICT, "{\"instances\": [[1, 2], [10.5, -20]]}");

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).isEqualTo("{\"predictions\":[[10.0],[-2.5]]}");
    assertThat(response.headers().firstValue(ModelServer.VERSION_HEADER)).hasValue("7");
    assertThat(response.headers().firstValue("Content-Type")).hasValue("application/json");
  }

  @Test
  void featuresMayBeNamed() throws Exception {
    serve(1, new Signature(List.of("a", "b"), List.of(3), "float32", List.of()));
    assertThat(
            post(
                    PREDICT,
                    "{\"signature_name\": \"serving_default\", \"instances\": [{\"b\": [2, 3],"
                        + " \"a\": 1}]}")
                .body())
        .isEqualTo("{\"predictions\":[[7.0]]}");

    serve(2, oneFeature(1, 2));
    assertThat(post(PREDICT, "{\"instances\": [{\"x\": [[1, 2]]}]}").body())
        .isEqualTo("{\"predictions\":[[5.0]]}");
  }

  @Test
  void oneVersionCanBeAskedForByItsNumber() throws Exception {
    serve(7, oneFeature(1));
    assertThat(post("/v1/models/sum/versions/7:predict", "{\"instances\": [[1]]}").body())
        .isEqualTo("{\"predictions\":[[8.0]]}");
    assertError(
        post("/v1/models/sum/versions/6:predict", "{\"instances\": [[1]]}"),
        404,
        "version 6 of model \"sum\" is not loaded; version 7 is");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'instances': [[1, 2, 3]]}        | instances[0] has length 3 where 2 is expected",
        "{'instances': [[1, 2], [1]]}      | instances[1] has length 1 where 2 is expected",
        "{'instances': [[1, [2]]]}         | instances[0][1] is an array where a number is"
            + " expected",
        "{'instances': [1, 2]}             | instances[0] is a number where an array of 2 is"
            + " expected",
        "{'instances': [[1, 'two']]}       | instances[0][1] is a string where a number is"
            + " expected",
        "{'instances': [[1, null]]}        | instances[0][1] is null where a number is expected",
        "{'instances': [[1, 1e300]]}       | instances[0][1] is 1e300, which float32 can't hold",
        "{'instances': [{'y': [1, 2]}]}    | instances[0] names \"y\", which is no feature of the"
            + " model",
        "{'instances': [{}]}               | instances[0] lacks feature \"x\"",
        "{'instances': []}                 | \"instances\" is empty",
        "{'instances': 1}                  | \"instances\" must be an array",
        "{}                                | \"instances\" is missing",
        "{'instances': [[1, 2]]} []        | there is more after",
        "[]                                | the body must be an object",
        "{'instances': [[1, 2}             | the body is no JSON",
      })
  void aBadBodyIsAnsweredWithWhereItIsWrong(String body, String expected) throws Exception {
    serve(1, oneFeature(2));
    assertError(post(PREDICT, body.replace('\'', '"')), 400, expected);
  }

  @Test
  void anErrorAboutAShapeSaysWhatTheModelTakes() throws Exception {
    serve(1, oneFeature(28, 28, 1));
    assertError(
        post(PREDICT, "{\"instances\": [[[0]]]}"),
        400,
        "The model takes examples of shape [28, 28, 1], bare or as {\"x\": …}");
  }

  @Test
  void whatIsNotThereIs404AndWhatIsTooLargeIs413() throws Exception {
    serve(1, oneFeature(1));
    assertError(
        post("/v1/models/other:predict", "{}"),
        404,
        "no model is called \"other\"; served are [sum]");
    assertError(get("/v1/models/other"), 404, "no model is called \"other\"");
    assertError(get("/v1/elsewhere"), 404, "");
    server.close();
    server =
        ModelServer.start(
            List.of(follower),
            HttpSettings.loopback(0).withLimits(Limits.defaults().withBodyBytes(10)));
    assertError(post(PREDICT, "{\"instances\": [[1]]}"), 413, "");
  }

  @Test
  void aliveFromTheStartAndReadyWithTheFirstVersion() throws Exception {
    assertThat(get("/healthz").statusCode()).isEqualTo(200);
    assertError(get("/readyz"), 503, "no complete version");
    assertError(post(PREDICT, "{\"instances\": [[1]]}"), 503, "no complete version");

    serve(1, oneFeature(1));

    assertThat(get("/readyz").statusCode()).isEqualTo(200);
  }

  @Test
  void aLargeRequestIsReadBeforeItIsRefused() throws Exception {
    String large = "{\"instances\": [[1]]}" + " ".repeat(900_000);
    for (int i = 0; i < 20; i++) {
      assertError(post(PREDICT, large), 503, "no complete version");
      assertError(post("/v1/models/none:predict", large), 404, "none");
    }
  }

  @Test
  void statusTellsTheVersionThatAnswersAndThoseThatWereRejected() throws Exception {
    serve(1, oneFeature(1));
    Files.write(publish(directory, 2, oneFeature(1)).resolve(Manifest.WEIGHTS), new byte[1]);
    follower.checkNow();

    JsonNode versions = JSON.readTree(get("/v1/models/sum").body()).get("model_version_status");

    assertThat(versions).hasSize(2);
    assertThat(versions.get(0).get("version").asText()).isEqualTo("2");
    assertThat(versions.get(0).get("state").asText()).isEqualTo("END");
    assertThat(versions.get(0).at("/status/error_message").asText())
        .contains("weights.safetensors");
    assertThat(versions.get(1).get("version").asText()).isEqualTo("1");
    assertThat(versions.get(1).get("state").asText()).isEqualTo("AVAILABLE");
  }

  @Test
  void metadataTellsSignatureAndProvenance() throws Exception {
    serve(3, oneFeature(4));

    JsonNode answer = JSON.readTree(get("/v1/models/sum/metadata").body());

    assertThat(answer.at("/model_spec/version").asText()).isEqualTo("3");
    assertThat(answer.at("/metadata/round").asLong()).isEqualTo(30);
    assertThat(answer.at("/metadata/topics/numbers/0").asLong()).isEqualTo(300);
    assertThat(answer.at("/metadata/signature/inputShape/0").asInt()).isEqualTo(4);
  }

  @Test
  void noRequestFailsWhileVersionsAreSwappedOrDamaged() throws Exception {
    serve(1, oneFeature(1));
    AtomicBoolean done = new AtomicBoolean();
    ExecutorService clients = Executors.newFixedThreadPool(3);
    List<Future<Integer>> results = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      results.add(
          clients.submit(
              () -> {
                int answered = 0;
                while (!done.get()) {
                  HttpResponse<String> response = post(PREDICT, "{\"instances\": [[1]]}");
                  assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
                  long version =
                      Long.parseLong(
                          response.headers().firstValue(ModelServer.VERSION_HEADER).orElseThrow());
                  assertThat(version % 3).as("damaged versions never answer").isNotZero();
                  assertThat(response.body())
                      .isEqualTo("{\"predictions\":[[" + (1f + version) + "]]}");
                  answered++;
                }
                return answered;
              }));
    }
    for (long version = 2; version <= 32; version++) {
      Path published = publish(directory, version, oneFeature(1));
      if (version % 3 == 0) {
        Files.write(published.resolve(Manifest.WEIGHTS), new byte[1]);
      }
      follower.checkNow();
    }
    done.set(true);
    for (Future<Integer> result : results) {
      assertThat(result.get()).isPositive();
    }
    clients.shutdown();
    assertThat(
            JSON.readTree(get("/v1/models/sum/metadata").body()).at("/model_spec/version").asText())
        .isEqualTo("32");
  }

  private void serve(long version, Signature signature) throws Exception {
    publish(directory, version, signature);
    follower.checkNow();
  }

  private HttpResponse<String> get(String path) throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create(server.url() + path)).build(), BodyHandlers.ofString());
  }

  private HttpResponse<String> post(String path, String body) throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create(server.url() + path))
            .POST(BodyPublishers.ofString(body))
            .build(),
        BodyHandlers.ofString());
  }

  private static void assertError(HttpResponse<String> response, int status, String message)
      throws Exception {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    assertThat(JSON.readTree(response.body()).get("error").asText()).contains(message);
  }
}
