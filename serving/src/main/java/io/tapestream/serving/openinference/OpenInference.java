package io.tapestream.serving.openinference;

import com.fasterxml.jackson.core.JsonGenerator;
import io.tapestream.files.Manifest;
import io.tapestream.serving.follow.Choice;
import io.tapestream.serving.follow.Lease;
import io.tapestream.serving.follow.ModelFollower;
import io.tapestream.serving.follow.TensorSpec;
import io.tapestream.serving.protocol.Exchange;
import io.tapestream.serving.protocol.InputLayout;
import io.tapestream.serving.protocol.JsonText;
import io.tapestream.serving.protocol.Models;
import io.tapestream.serving.protocol.Protocol;
import io.tapestream.serving.protocol.Reply;
import io.tapestream.serving.protocol.RequestException;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The Open Inference Protocol, version 2; WHICH is nothing or {@code /versions/V}, with V a number
 * or a label:
 *
 * <pre>
 * GET  /v2                               name, version, extensions
 * GET  /v2/health/live                   {"live": true}
 * GET  /v2/health/ready                  {"ready": true}, or 503
 * GET  /v2/models/NAME[WHICH]            inputs and outputs
 * GET  /v2/models/NAME[WHICH]/ready      {"name": "lenet", "ready": true}, or 503
 * POST /v2/models/NAME[WHICH]/infer      {"inputs": [{"name": "x", "shape": [1, 2], "datatype": "FP32", "data": [1, 2]}]}
 *                                        → {"model_name": …, "model_version": "7", "outputs": [{…}]}
 * </pre>
 *
 * <p>Tensors may also be sent as bytes after the JSON, and so may the answer: the extension {@code
 * binary_tensor_data}. Of datatypes only {@code BYTES} is not taken; see {@link Datatype}.
 */
public final class OpenInference implements Protocol {
  /** Name of the header with the number of a body's bytes that are JSON. */
  public static final String HEADER_LENGTH = "Inference-Header-Content-Length";

  private static final Pattern PATH =
      Pattern.compile(
          "/v2/models/(?<model>[^/]+)(?:/versions/(?<version>[^/]+))?(?:/(?<verb>ready|infer))?");
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,18}");

  private final Models models;
  private final Supplier<Optional<String>> notReady;

  /**
   * Answers for these models.
   *
   * @param notReady why the server should be sent no requests, if so
   */
  public OpenInference(Models models, Supplier<Optional<String>> notReady) {
    this.models = models;
    this.notReady = notReady;
  }

  @Override
  public String name() {
    return "openinference";
  }

  @Override
  public boolean speaks(String path) {
    return path.equals("/v2") || path.startsWith("/v2/");
  }

  @Override
  public Optional<Reply> health(String path, boolean trusted) {
    return switch (path) {
      case "/v2/health/live" ->
          Optional.of(Reply.json(200, JsonText.object(out -> out.writeBooleanField("live", true))));
      case "/v2/health/ready" ->
          Optional.of(ready(notReady.get().map(reason -> trusted ? reason : NOT_READY), out -> {}));
      default -> Optional.empty();
    };
  }

  @Override
  public Reply answer(Exchange exchange) throws IOException, InterruptedException {
    if (exchange.path().equals("/v2") || exchange.path().equals("/v2/")) {
      exchange.requireMethod("GET");
      return Reply.json(200, JsonText.object(OpenInference::server));
    }
    Matcher path = PATH.matcher(exchange.path());
    if (!path.matches()) {
      throw new RequestException(
          404,
          "nothing is at "
              + exchange.path()
              + ": ask /v2/models/NAME[/versions/V][/ready|/infer] or /v2/health/ready");
    }
    String model = path.group("model");
    Choice choice = choice(path.group("version"));
    String verb = path.group("verb");
    if ("infer".equals(verb)) {
      exchange.requireMethod("POST");
      return infer(exchange, model, choice);
    }
    exchange.requireMethod("GET");
    return verb == null ? metadata(exchange, model, choice) : modelReady(exchange, model, choice);
  }

  private Reply infer(Exchange exchange, String model, Choice choice)
      throws IOException, InterruptedException {
    byte[] body = exchange.body(); // before any refusal: who still sends a body reads no answer
    InferRequest request = InferBody.read(body, jsonBytes(exchange, body.length));
    try (Lease lease = models.lease(exchange, model, choice)) {
      InputLayout layout = new InputLayout(lease.manifest().signature());
      return InferReply.of(request, models.predict(exchange, lease, layout.of(request.inputs())));
    }
  }

  private static int jsonBytes(Exchange exchange, int length) {
    String header = exchange.header(HEADER_LENGTH);
    if (header == null) {
      return length;
    }
    String number = header.strip();
    if (!NUMBER.matcher(number).matches() || Long.parseLong(number) > length) {
      throw new RequestException(
          400, HEADER_LENGTH + " is " + header + ", the body has " + length + " bytes");
    }
    return Integer.parseInt(number);
  }

  private Reply modelReady(Exchange exchange, String model, Choice choice) {
    ModelFollower follower = models.find(exchange, model);
    if (follower.serving().isEmpty()) {
      return ready(
          Optional.of(follower.whyNotServing()), out -> out.writeStringField("name", model));
    }
    try (Lease lease = models.lease(exchange, model, choice)) {
      return ready(Optional.empty(), out -> out.writeStringField("name", lease.manifest().model()));
    }
  }

  private static Reply ready(Optional<String> reason, JsonText.Fields more) {
    byte[] body =
        JsonText.object(
            out -> {
              more.write(out);
              out.writeBooleanField("ready", reason.isEmpty());
              if (reason.isPresent()) {
                out.writeStringField("error", reason.get());
              }
            });
    return Reply.json(reason.isEmpty() ? 200 : 503, body);
  }

  private Reply metadata(Exchange exchange, String model, Choice choice) {
    try (Lease lease = models.lease(exchange, model, choice)) {
      List<Manifest> loaded = models.find(exchange, model).status().loaded();
      return Reply.json(
          200,
          JsonText.object(
              out -> {
                out.writeStringField("name", model);
                out.writeArrayFieldStart("versions");
                for (Manifest version : loaded) {
                  out.writeString(Long.toString(version.version()));
                }
                out.writeEndArray();
                out.writeStringField("platform", "tapestream");
                out.writeArrayFieldStart("inputs");
                for (InputLayout.Input input :
                    new InputLayout(lease.manifest().signature()).inputs()) {
                  tensor(out, input.name(), input.shape());
                }
                out.writeEndArray();
                out.writeArrayFieldStart("outputs");
                for (TensorSpec output : lease.outputs()) {
                  tensor(out, output.name(), output.shape());
                }
                out.writeEndArray();
              }));
    }
  }

  private static void tensor(JsonGenerator out, String name, List<Integer> shape)
      throws IOException {
    out.writeStartObject();
    out.writeStringField("name", name);
    out.writeStringField("datatype", Datatype.FP32.name());
    out.writeArrayFieldStart("shape");
    out.writeNumber(-1); // rows
    for (int dim : shape) {
      out.writeNumber(dim);
    }
    out.writeEndArray();
    out.writeEndObject();
  }

  private static void server(JsonGenerator out) throws IOException {
    String version = OpenInference.class.getPackage().getImplementationVersion();
    out.writeStringField("name", "tapestream");
    out.writeStringField("version", version == null ? "unknown" : version);
    out.writeArrayFieldStart("extensions");
    out.writeString("binary_tensor_data");
    out.writeEndArray();
  }

  private static Choice choice(@Nullable String version) {
    if (version == null) {
      return Choice.DEFAULT;
    }
    return NUMBER.matcher(version).matches()
        ? Choice.version(Long.parseLong(version))
        : Choice.label(version);
  }
}
