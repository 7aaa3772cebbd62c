package io.tapestream.serving.server;

import static io.tapestream.serving.follow.SumModel.oneFeature;
import static io.tapestream.serving.follow.SumModel.publish;
import static io.tapestream.serving.server.Client.assertError;
import static io.tapestream.serving.server.Client.version;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.tapestream.files.Releases;
import io.tapestream.files.Signature;
import io.tapestream.files.VersionDirectory;
import io.tapestream.serving.follow.ModelFollower;
import io.tapestream.serving.follow.SumModel;
import io.tapestream.serving.follow.TwoHeadsModel;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The REST API as TensorFlow Serving documents it. */
class TensorFlowServingTest {
  private static final Signature TWO_FEATURES =
      new Signature(List.of("a", "b"), List.of(3), "float32", List.of());

  @TempDir Path directory;
  private ModelFollower follower;
  private ModelServer server;
  private Client client;

  @BeforeEach
  void start() {
    serve(new SumModel().follower(directory));
  }

  private void serve(ModelFollower followed) {
    follower = followed;
    server = ModelServer.start(List.of(followed), HttpSettings.loopback(0));
    client = Client.of(server);
  }

  @AfterEach
  void stop() {
    server.close();
    follower.close();
  }

  @Test
  void columnsAreAnsweredWithColumns() throws Exception {
    load(1, oneFeature(2));
    assertThat(predict("{'inputs': [[1, 2], [10, -20]]}").body())
        .isEqualTo("{\"outputs\":[[4.0],[-9.0]]}");
    assertThat(predict("{'inputs': {'x': [[1, 2]]}, 'signature_name': 'serving_default'}").body())
        .isEqualTo("{\"outputs\":[[4.0]]}");
  }

  @Test
  void columnsOfSeveralFeaturesAreLaidSideBySide() throws Exception {
    load(1, TWO_FEATURES);
    assertThat(predict("{'inputs': {'b': [[2, 3], [20, 30]], 'a': [1, 10]}}").body())
        .isEqualTo("{\"outputs\":[[7.0],[61.0]]}");
  }

  @Test
  void oneNumberAnExampleNeedsNoArray() throws Exception {
    load(1, oneFeature(1));
    assertThat(predict("{'instances': [1.0, 2.0, 5.0]}").body())
        .isEqualTo("{\"predictions\":[[2.0],[3.0],[6.0]]}");
    assertThat(predict("{'inputs': [1.0, 2.0]}").body()).isEqualTo("{\"outputs\":[[2.0],[3.0]]}");
  }

  @Test
  void severalOutputsAreNamed() throws Exception {
    stop();
    serve(TwoHeadsModel.follower(directory));
    load(1, oneFeature(2));
    assertThat(predict("{'instances': [[1, 2], [3, 4]]}").body())
        .isEqualTo(
            "{\"predictions\":[{\"sum\":3.0,\"twice\":[2.0,4.0]},{\"sum\":7.0,\"twice\":[6.0,8.0]}]}");
    assertThat(predict("{'inputs': [[1, 2], [3, 4]]}").body())
        .isEqualTo("{\"outputs\":{\"sum\":[3.0,7.0],\"twice\":[[2.0,4.0],[6.0,8.0]]}}");
    assertError(
        client.post("/v1/models/sum:regress", "{'examples': [{'x': [1, 2]}]}"),
        400,
        "regress takes a model with one output, this one has 2: use predict");
  }

  @Test
  void regressAnswersWithANumberForEachExample() throws Exception {
    load(1, TWO_FEATURES);
    assertThat(
            client
                .post(
                    "/v1/models/sum:regress",
                    "{'examples': [{'b': [2, 3]}, {'b': [4, 5]}], 'context': {'a': 1},"
                        + " 'signature_name': 'tensorflow/serving/regress'}")
                .body())
        .isEqualTo("{\"results\":[7.0,11.0]}");
  }

  @Test
  void classifyAnswersWithEachClassAndItsScore() throws Exception {
    load(1, new Signature(List.of("x"), List.of(2), "float32", List.of("shirt")));
    assertThat(client.post("/v1/models/sum:classify", "{'examples': [{'x': [2, 3]}]}").body())
        .isEqualTo("{\"results\":[[[\"shirt\",6.0]]]}");
    load(2, oneFeature(2));
    assertThat(client.post("/v1/models/sum:classify", "{'examples': [{'x': [2, 3]}]}").body())
        .isEqualTo("{\"results\":[[[\"\",7.0]]]}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "predict  | {'inputs': [[1, 2]], 'instances': [[1, 2, 3]]} | \"inputs\" has shape [1, 2]"
            + " where [rows, 3]",
        "predict  | {'inputs': [[1, 2, 3]], 'instances': [[1, 2, 3]]} | both \"instances\" and"
            + " \"inputs\"",
        "predict  | {'inputs': 1}                         | inputs is a number where an array of"
            + " rows",
        "predict  | {'inputs': {}}                        | \"inputs\" names no tensor",
        "predict  | {'inputs': []}                        | \"inputs\" has shape [0]",
        "predict  | {'inputs': [[1, 2, 3], [1]]}          | inputs[1] has length 1 where 3 is"
            + " expected",
        "predict  | {'inputs': [[1, 2, [3]]]}             | inputs[0][2] is an array where a"
            + " number",
        "predict  | {'inputs': [[1, 2, true]]}            | inputs[0][2] is a boolean where a"
            + " number",
        "predict  | {'inputs': [[1, 2, NaN]]}             | inputs[0][2] is NaN, which float32"
            + " can't hold",
        "predict  | {'inputs': {'a': [1], 'b': [[1, 2], [3, 4]]}} | \"b\" has 2 rows where \"a\""
            + " has 1",
        "predict  | {'inputs': {'a': [1]}}                | feature \"b\" is missing",
        "predict  | {'inputs': {'a': [1], 'b': [1]}}      | 2 values an example in all where 3",
        "predict  | {'inputs': {'a': [1], 'c': [1]}}      | \"c\" is no feature of the model",
        "predict  | {'instances': [{'a': 1, 'a': 1, 'b': [1, 2]}]} | instances[0] gives \"a\""
            + " twice",
        "predict  | {'instances': [[1, 2, 3]], 'signature_name': 'other'} | signature_name"
            + " \"other\" is unknown",
        "predict  | {'examples': []}                      | unknown key \"examples\"",
        "classify | {'examples': []}                      | \"examples\" is missing or empty",
        "classify | {'instances': []}                     | unknown key \"instances\"",
        "classify | {'examples': [{'a': 'b'}]}            | examples[0].a is a string where a"
            + " number",
        "classify | {'examples': [[1]]}                   | examples[0] is an array where an object"
            + " of features",
        "regress  | {'context': {'a': 1}, 'examples': [{'a': 1, 'b': [2, 3]}]} | which the context"
            + " gives already",
        "regress  | {'context': [], 'examples': [{'a': 1, 'b': [2, 3]}]} | context is an array",
        "regress  | {'examples': [{'a': {'b64': 'AAAA'}, 'b': [2, 3]}]} | examples[0].a is an"
            + " object where a number",
      })
  void aBadBodyIsAnsweredWithWhereItIsWrong(String verb, String body, String expected)
      throws Exception {
    load(1, TWO_FEATURES);
    HttpResponse<String> response = client.post("/v1/models/sum:" + verb, body);
    assertError(response, 400, expected);
    assertThat(version(response)).isEqualTo("1");
  }

  @Test
  void deepNestingAndHugeExponentsAreRefusedAtOnce() throws Exception {
    load(1, oneFeature(2));
    assertError(
        predict("{'instances': " + "[".repeat(100_000)), 400, "instances[0][0] is an array");
    assertError(predict("{'inputs': " + "[".repeat(100_000)), 400, "nesting depth");
    assertError(predict("{'instances': [[1, 1e999999999]]}"), 400, "float32 can't hold");
    assertError(
        predict("{'instances': [[1, " + "9".repeat(100_000) + "]]}"), 400, "exceeds the maximum");
  }

  @Test
  void versionsAndLabelsCanBeAskedForByEveryVerb() throws Exception {
    load(7, oneFeature(1));
    load(8, oneFeature(1));
    load(9, oneFeature(1));
    label("stable", 7);

    for (String which : List.of("/versions/7", "/labels/stable")) {
      HttpResponse<String> predicted =
          client.post("/v1/models/sum" + which + ":predict", "{'instances': [[1]]}");
      assertThat(predicted.body()).isEqualTo("{\"predictions\":[[8.0]]}");
      assertThat(version(predicted)).isEqualTo("7");
      assertThat(
              client.post("/v1/models/sum" + which + ":regress", "{'examples': [{'x': 1}]}").body())
          .isEqualTo("{\"results\":[8.0]}");
      assertThat(
              client
                  .post("/v1/models/sum" + which + ":classify", "{'examples': [{'x': 1}]}")
                  .body())
          .isEqualTo("{\"results\":[[[\"\",8.0]]]}");
      assertThat(
              client.json("/v1/models/sum" + which).at("/model_version_status/0/version").asText())
          .isEqualTo("7");
      assertThat(
              client.json("/v1/models/sum" + which + "/metadata").at("/metadata/version").asInt())
          .isEqualTo(7);
    }
    assertThat(version(predict("{'instances': [[1]]}"))).isEqualTo("9");
    assertThat(client.json("/v1/models/sum").get("model_version_status"))
        .extracting(status -> status.get("version").asText())
        .containsExactly("9", "7");
    assertError(
        client.post("/v1/models/sum/versions/8:predict", "{'instances': [[1]]}"),
        404,
        "version 8 of model \"sum\" is not loaded; versions 7, 9 are");
    assertError(
        client.post("/v1/models/sum/labels/canary:predict", "{'instances': [[1]]}"),
        404,
        "no version of model \"sum\" has the label \"canary\"; labels are {stable=7}");
    assertError(client.get("/v1/models/sum/versions/x"), 400, "\"x\" is no version's number");
  }

  @Test
  void metadataHasTheSignatureInTensorFlowsForm() throws Exception {
    load(3, oneFeature(4));
    JsonNode signature =
        client
            .json("/v1/models/sum/metadata")
            .at("/metadata/signature_def/signature_def/serving_default");
    assertThat(signature.at("/inputs/x/dtype").asText()).isEqualTo("DT_FLOAT");
    assertThat(signature.at("/inputs/x/tensor_shape/dim"))
        .extracting(dim -> dim.get("size").asText())
        .containsExactly("-1", "4");
    assertThat(signature.at("/outputs/sum/tensor_shape/dim"))
        .extracting(dim -> dim.get("size").asText())
        .containsExactly("-1", "1");
    assertThat(signature.get("method_name").asText()).isEqualTo("tensorflow/serving/predict");
  }

  @Test
  void anAnswerThatIsNotFiniteIsWrittenAsTheApiLaysDown() throws Exception {
    load(1, oneFeature(2));
    assertThat(predict("{'instances': [[3e38, 3e38]]}").body())
        .isEqualTo("{\"predictions\":[[Infinity]]}");
  }

  @Test
  void whatNobodyDoesIsRefused() throws Exception {
    load(1, oneFeature(1));
    assertError(client.get("/v1/models/sum:predict"), 405, "use POST");
    assertError(client.post("/v1/models/sum", "{}"), 405, "use GET");
    assertError(client.post("/v1/models/sum:explain", "{}"), 404, "\"explain\" is no verb");
    assertError(client.get("/v1/models/"), 404, "nothing is at /v1/models/");
  }

  private HttpResponse<String> predict(String body) throws Exception {
    return client.post("/v1/models/sum:predict", body);
  }

  private void load(long version, Signature signature) throws Exception {
    publish(directory, version, signature);
    follower.checkNow();
  }

  private void label(String name, long version) throws Exception {
    Releases.update(
        new VersionDirectory(directory, SumModel.NAME), now -> now.withLabel(name, version));
    follower.checkNow();
  }
}
