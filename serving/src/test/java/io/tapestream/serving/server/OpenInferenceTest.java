package io.tapestream.serving.server;

import static io.tapestream.serving.follow.SumModel.oneFeature;
import static io.tapestream.serving.follow.SumModel.publish;
import static io.tapestream.serving.server.Client.assertError;
import static io.tapestream.serving.server.Client.version;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tapestream.files.Releases;
import io.tapestream.files.Signature;
import io.tapestream.files.VersionDirectory;
import io.tapestream.serving.follow.ModelFollower;
import io.tapestream.serving.follow.SumModel;
import io.tapestream.serving.follow.TwoHeadsModel;
import io.tapestream.serving.openinference.OpenInference;
import java.io.ByteArrayOutputStream;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The Open Inference Protocol as KServe and Triton document it. */
class OpenInferenceTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String INFER = "/v2/models/sum/infer";

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
  void dataFlatOrNestedIsAnsweredWithTheIdAndTheVersion() throws Exception {
    load(7, oneFeature(2));
    for (String data : List.of("[1, 2, 10, -20]", "[[1, 2], [10, -20]]")) {
      HttpResponse<String> response =
          client.post(
              INFER,
              "{'id': '42', 'inputs': [{'name': 'x', 'shape': [2, 2], 'datatype': 'FP32', 'data': "
                  + data
                  + "}]}");
      assertThat(response.body())
          .isEqualTo(
              "{\"model_name\":\"sum\",\"model_version\":\"7\",\"id\":\"42\",\"outputs\":[{\"name\":\"sum\","
                  + "\"datatype\":\"FP32\",\"shape\":[2,1],\"data\":[10.0,-3.0]}]}");
      assertThat(version(response)).isEqualTo("7");
    }
  }

  @Test
  void theServerTellsWhatItIsAndHowItIs() throws Exception {
    assertThat(client.json("/v2").at("/extensions/0").asText()).isEqualTo("binary_tensor_data");
    assertThat(client.json("/v2/health/live").get("live").asBoolean()).isTrue();
    assertError(client.get("/v2/health/ready"), 503, "no complete version");
    assertError(client.get("/v2/models/sum/ready"), 503, "no complete version");

    load(7, oneFeature(3));

    assertThat(client.json("/v2/health/ready").get("ready").asBoolean()).isTrue();
    assertThat(client.json("/v2/models/sum/versions/7/ready").get("ready").asBoolean()).isTrue();
    JsonNode metadata = client.json("/v2/models/sum");
    assertThat(metadata.get("versions")).extracting(JsonNode::asText).containsExactly("7");
    assertThat(metadata.at("/inputs").toString())
        .isEqualTo("[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[-1,3]}]");
    assertThat(metadata.at("/outputs").toString())
        .isEqualTo("[{\"name\":\"sum\",\"datatype\":\"FP32\",\"shape\":[-1,1]}]");
  }

  @Test
  void binaryTensorsGoInAndComeOut() throws Exception {
    load(1, oneFeature(2));
    String json =
        "{'inputs': [{'name': 'x', 'shape': [1, 2], 'datatype': 'FP64', 'parameters':"
            + " {'binary_data_size': 16}}], 'parameters': {'binary_data_output': true}}";
    ByteBuffer data = little(16).putDouble(1.5).putDouble(-4);

    HttpResponse<byte[]> response = binary(json, data);

    int header =
        (int) response.headers().firstValueAsLong(OpenInference.HEADER_LENGTH).orElseThrow();
    JsonNode answer = JSON.readTree(Arrays.copyOf(response.body(), header));
    assertThat(answer.at("/outputs/0/parameters/binary_data_size").asInt()).isEqualTo(4);
    assertThat(answer.at("/outputs/0").has("data")).isFalse();
    assertThat(response.body()).hasSize(header + 4);
    assertThat(ByteBuffer.wrap(response.body()).order(ByteOrder.LITTLE_ENDIAN).getFloat(header))
        .isEqualTo(-1.5f);
    assertThat(response.headers().firstValue("Content-Type")).hasValue("application/octet-stream");
  }

  @Test
  void everyNumericTypeIsRead() throws Exception {
    load(1, oneFeature(1));
    assertThat(sum("BOOL", little(1).put((byte) 1))).isEqualTo(2);
    assertThat(sum("UINT8", little(1).put((byte) 200))).isEqualTo(201);
    assertThat(sum("UINT16", little(2).putShort((short) 60_000))).isEqualTo(60_001);
    assertThat(sum("UINT32", little(4).putInt(0x80000000))).isEqualTo(0x1p31f);
    assertThat(sum("UINT64", little(8).putLong(7))).isEqualTo(8);
    assertThat(sum("INT8", little(1).put((byte) -3))).isEqualTo(-2);
    assertThat(sum("INT16", little(2).putShort((short) -300))).isEqualTo(-299);
    assertThat(sum("INT32", little(4).putInt(-70_000))).isEqualTo(-69_999);
    assertThat(sum("INT64", little(8).putLong(1 << 24))).isEqualTo(16777216f);
    assertThat(sum("FP16", little(2).putShort((short) 0x4248))).isEqualTo(4.140625f);
    assertThat(sum("FP16", little(2).putShort((short) 0x8001))).isEqualTo(1 - 0x1p-24f);
    assertThat(sum("FP32", little(4).putFloat(0.5f))).isEqualTo(1.5f);
    assertThat(sum("FP64", little(8).putDouble(0.25))).isEqualTo(1.25f);
  }

  @Test
  void whatFloat32CantHoldIsRefusedAndNotRounded() throws Exception {
    load(1, oneFeature(1));
    assertBinaryError("INT64", little(8).putLong((1 << 24) + 1), "float32 can't hold exactly");
    assertBinaryError("UINT64", little(8).putLong(-1), "too large");
    assertBinaryError("BOOL", little(1).put((byte) 2), "not of type BOOL");
    assertBinaryError("FP64", little(8).putDouble(1e300), "beyond the range of float32");
    assertBinaryError("FP32", little(4).putFloat(Float.NaN), "is NaN");
    assertBinaryError("FP16", little(2).putShort((short) 0x7C00), "Infinity");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'inputs': [{'name': 'x', 'shape': [1, 2], 'datatype': 'INT32', 'data': [1, 2.5]}]} | has"
            + " 2.5, which is not of type INT32",
        "{'inputs': [{'name': 'x', 'shape': [1, 2], 'datatype': 'INT64', 'data': [1, 16777217]}]} |"
            + " has 16777217, which float32 can't hold exactly",
        "{'inputs': [{'name': 'x', 'shape': [1, 2], 'datatype': 'UINT8', 'data': [1, 256]}]} | has"
            + " 256, which is not of type UINT8",
        "{'inputs': [{'name': 'x', 'shape': [1, 2], 'datatype': 'FP32', 'data': [1, true]}]} |"
            + " mixes booleans with FP32",
        "{'inputs': [{'name': 'x', 'shape': [1, 2], 'datatype': 'FP16', 'data': [1, 2]}]} | sent as"
            + " binary data only",
        "{'inputs': [{'name': 'x', 'shape': [1, 2], 'datatype': 'BYTES', 'data': ['a', 'b']}]} |"
            + " inputs[0].data[0] is a string",
        "{'inputs': [{'name': 'x', 'shape': [1, 2], 'datatype': 'BYTES', 'data': [1, 2]}]} | has"
            + " datatype BYTES, taken are",
        "{'inputs': [{'name': 'x', 'shape': [1, 2], 'datatype': 'FP32', 'data': [1, 2, 3]}]} | data"
            + " has shape [3] where [1, 2] is expected",
        "{'inputs': [{'name': 'x', 'shape': [1, 3], 'datatype': 'FP32', 'data': [1, 2, 3]}]} | has"
            + " shape [1, 3] where [rows, 2] is expected",
        "{'inputs': [{'name': 'x', 'shape': [0, 2], 'datatype': 'FP32', 'data': []}]} | is empty:"
            + " send at least one example",
        "{'inputs': [{'name': 'x', 'shape': [], 'datatype': 'FP32', 'data': []}]} | the first"
            + " dimension is the examples'",
        "{'inputs': [{'name': 'x', 'shape': [-1, 2], 'datatype': 'FP32', 'data': []}]} | whole"
            + " numbers from 0 on",
        "{'inputs': [{'name': 'x', 'shape': [100000, 100000], 'datatype': 'FP32', 'data': []}]} |"
            + " larger than any request",
        "{'inputs': [{'name': 'y', 'shape': [1, 2], 'datatype': 'FP32', 'data': [1, 2]}]} | \"y\""
            + " is no feature of the model",
        "{'inputs': [{'shape': [1, 2], 'datatype': 'FP32', 'data': [1, 2]}]} | inputs[0] has no"
            + " \"name\"",
        "{'inputs': [{'name': 'x', 'shape': [1, 2], 'datatype': 'FP32'}]} | inputs[0] has no"
            + " \"data\"",
        "{'inputs': [{'name': 'x', 'shape': [1, 2], 'datatype': 'FP32', 'parameters':"
            + " {'binary_data_size': 8}}]} | 8 bytes of binary data, 0 are left",
        "{'inputs': [{'name': 'x', 'shape': [1, 2], 'datatype': 'FP32', 'parameters':"
            + " {'binary_data_size': 9}}]} | binary_data_size 9 where shape [1, 2] of FP32 takes 8",
        "{'inputs': [{'name': 'x', 'shape': [1, 2], 'datatype': 'FP32', 'data': [1, 2]}],"
            + " 'outputs': [{'name': 'z'}]} | the model has no output \"z\"; there are [sum]",
        "{'inputs': []}   | \"inputs\" is missing or empty",
        "{'id': 7}        | \"id\" is a number, not a string",
        "{}               | \"inputs\" is missing or empty",
        "[]               | the body must be an object",
        "{'inputs': [{]}  | the body is no JSON",
      })
  void aBadBodyIsAnsweredWithWhereItIsWrong(String body, String expected) throws Exception {
    load(1, oneFeature(2));
    assertError(client.post(INFER, body), 400, expected);
  }

  @Test
  void theLengthOfTheJsonMustBeTrue() throws Exception {
    load(1, oneFeature(2));
    for (String length : List.of("-1", "x", "1000000", "99999999999999999999")) {
      assertError(
          client.post(INFER, "{}", OpenInference.HEADER_LENGTH, length),
          400,
          OpenInference.HEADER_LENGTH + " is " + length + ", the body has 2 bytes");
    }
    String body =
        "{'inputs': [{'name': 'x', 'shape': [1, 2], 'datatype': 'FP32', 'data': [1, 2]}]}";
    assertError(
        client.post(INFER, body + "1234", OpenInference.HEADER_LENGTH, "" + body.length()),
        400,
        "4 bytes follow the inputs' binary data");
  }

  @Test
  void severalFeaturesAreSentByNameOrTogether() throws Exception {
    load(1, new Signature(List.of("a", "b"), List.of(3), "float32", List.of()));
    assertThat(
            client
                .post(
                    INFER,
                    "{'inputs': [{'name': 'b', 'shape': [1, 2], 'datatype': 'FP32', 'data': [2,"
                        + " 3]}, {'name': 'a', 'shape': [1], 'datatype': 'INT64', 'data': [1]}]}")
                .body())
        .contains("\"data\":[7.0]");
    assertThat(
            client
                .post(
                    INFER,
                    "{'inputs': [{'name': 'input', 'shape': [1, 3], 'datatype': 'FP32', 'data': [1,"
                        + " 2, 3]}]}")
                .body())
        .contains("\"data\":[7.0]");
  }

  @Test
  void outputsCanBeChosen() throws Exception {
    stop();
    serve(TwoHeadsModel.follower(directory));
    load(1, oneFeature(2));
    JsonNode answer =
        JSON.readTree(
            client
                .post(
                    INFER,
                    "{'inputs': [{'name': 'x', 'shape': [1, 2], 'datatype': 'FP32', 'data': [1,"
                        + " 2]}], 'outputs': [{'name': 'twice'}]}")
                .body());
    assertThat(answer.get("outputs")).hasSize(1);
    assertThat(answer.at("/outputs/0/data").toString()).isEqualTo("[2.0,4.0]");
  }

  @Test
  void anAnswerThatJsonCantHoldIsToldAsAnErrorUnlessItIsBinary() throws Exception {
    load(1, oneFeature(2));
    String input =
        "{'inputs': [{'name': 'x', 'shape': [1, 2], 'datatype': 'FP32', 'data': [3e38, 3e38]}]";
    assertError(client.post(INFER, input + "}"), 422, "ask for it as binary data");
    assertThat(
            client
                .post(
                    INFER,
                    input + ", 'outputs': [{'name': 'sum', 'parameters': {'binary_data': true}}]}")
                .statusCode())
        .isEqualTo(200);
  }

  @Test
  void aVersionIsANumberOrALabel() throws Exception {
    load(3, oneFeature(1));
    Releases.update(
        new VersionDirectory(directory, SumModel.NAME), now -> now.withLabel("stable", 3));
    load(4, oneFeature(1));
    String body = "{'inputs': [{'name': 'x', 'shape': [1, 1], 'datatype': 'FP32', 'data': [1]}]}";
    for (String which : List.of("3", "stable")) {
      HttpResponse<String> response =
          client.post("/v2/models/sum/versions/" + which + "/infer", body);
      assertThat(response.body()).contains("\"data\":[4.0]");
      assertThat(version(response)).isEqualTo("3");
    }
    assertError(client.post("/v2/models/sum/versions/1/infer", body), 404, "versions 3, 4 are");
    assertError(client.get("/v2/models/other"), 404, "no model is called \"other\"");
    assertError(client.get("/v2/models/sum/infer"), 405, "use POST");
    assertError(client.get("/v2/elsewhere"), 404, "nothing is at /v2/elsewhere");
  }

  private float sum(String datatype, ByteBuffer data) throws Exception {
    HttpResponse<byte[]> response = binary(oneValue(datatype, data), data);
    String body = new String(response.body(), StandardCharsets.UTF_8);
    assertThat(response.statusCode()).as(body).isEqualTo(200);
    return JSON.readTree(body).at("/outputs/0/data/0").floatValue();
  }

  private void assertBinaryError(String datatype, ByteBuffer data, String message)
      throws Exception {
    HttpResponse<byte[]> response = binary(oneValue(datatype, data), data);
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(new String(response.body(), StandardCharsets.UTF_8)).contains(message);
  }

  private static String oneValue(String datatype, ByteBuffer data) {
    return "{'inputs': [{'name': 'x', 'shape': [1, 1], 'datatype': '%s', 'parameters': {'binary_data_size': %d}}]}"
        .formatted(datatype, data.capacity());
  }

  private HttpResponse<byte[]> binary(String json, ByteBuffer data) throws Exception {
    byte[] header = json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    body.writeBytes(header);
    byte[] tensor = new byte[data.capacity()];
    data.rewind().get(tensor);
    body.writeBytes(tensor);
    return client.post(INFER, body.toByteArray(), OpenInference.HEADER_LENGTH, "" + header.length);
  }

  private static ByteBuffer little(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  private void load(long version, Signature signature) throws Exception {
    publish(directory, version, signature);
    follower.checkNow();
  }
}
