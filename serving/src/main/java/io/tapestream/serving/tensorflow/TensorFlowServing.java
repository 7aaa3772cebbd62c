package io.tapestream.serving.tensorflow;

import io.tapestream.serving.follow.Choice;
import io.tapestream.serving.follow.Lease;
import io.tapestream.serving.follow.ModelFollower;
import io.tapestream.serving.follow.Predictions;
import io.tapestream.serving.protocol.Examples;
import io.tapestream.serving.protocol.Exchange;
import io.tapestream.serving.protocol.InputLayout;
import io.tapestream.serving.protocol.Models;
import io.tapestream.serving.protocol.Protocol;
import io.tapestream.serving.protocol.Reply;
import io.tapestream.serving.protocol.RequestException;
import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * TensorFlow Serving's REST API; WHICH is nothing, {@code /versions/N} or {@code /labels/L}:
 *
 * <pre>
 * POST /v1/models/NAME[WHICH]:predict    {"instances": [X, …]} → {"predictions": [Y, …]}
 *                                        {"inputs": …}         → {"outputs": …}
 * POST /v1/models/NAME[WHICH]:classify   {"examples": [{…}]}   → {"results": [[["label", 0.9], …], …]}
 * POST /v1/models/NAME[WHICH]:regress    {"examples": [{…}]}   → {"results": [1.5, …]}
 * GET  /v1/models/NAME[WHICH]            {"model_version_status": [{"version": "7", "state": "AVAILABLE", …}]}
 * GET  /v1/models/NAME[WHICH]/metadata   {"model_spec": …, "metadata": {"signature_def": …, the manifest}}
 * </pre>
 *
 * <p>Tensors of strings are not taken: models here take numbers.
 */
public final class TensorFlowServing implements Protocol {
  private static final String PREFIX = "/v1/";
  private static final Pattern PATH =
      Pattern.compile(
          "/v1/models/(?<model>[^/:]+)"
              + "(?:/versions/(?<version>[^/:]+)|/labels/(?<label>[^/:]+))?"
              + "(?:(?<metadata>/metadata)|:(?<verb>[^/:]+))?");
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,18}");

  private final Models models;

  /** Answers for these models. */
  public TensorFlowServing(Models models) {
    this.models = models;
  }

  @Override
  public String name() {
    return "tensorflow";
  }

  @Override
  public boolean speaks(String path) {
    return path.startsWith(PREFIX);
  }

  @Override
  public Reply answer(Exchange exchange) throws IOException, InterruptedException {
    Matcher path = PATH.matcher(exchange.path());
    if (!path.matches()) {
      throw new RequestException(
          404,
          "nothing is at "
              + exchange.path()
              + ": ask"
              + " /v1/models/NAME[/versions/N|/labels/L][:predict|:classify|:regress|/metadata]");
    }
    String model = path.group("model");
    Choice choice = choice(path.group("version"), path.group("label"));
    String verb = path.group("verb");
    if (verb != null) {
      exchange.requireMethod("POST");
      return Reply.json(200, run(exchange, model, choice, verb));
    }
    exchange.requireMethod("GET");
    if (path.group("metadata") == null) {
      return Reply.json(200, status(exchange, model, choice));
    }
    try (Lease lease = models.lease(exchange, model, choice)) {
      return Reply.json(200, MetadataReply.of(lease));
    }
  }

  private byte[] run(Exchange exchange, String model, Choice choice, String verb)
      throws IOException, InterruptedException {
    byte[] body = exchange.body(); // before any refusal: who still sends a body reads no answer
    try (Lease lease = models.lease(exchange, model, choice)) {
      InputLayout layout = new InputLayout(lease.manifest().signature());
      switch (verb) {
        case "predict" -> {
          PredictRequest request = PredictRequest.read(body, layout);
          Predictions answer = models.predict(exchange, lease, request.examples());
          return request.inColumns() ? Answers.columns(answer) : Answers.rows(answer);
        }
        case "classify" -> {
          Examples examples = ExamplesRequest.read(body, layout, verb);
          return Answers.classes(
              models.predict(exchange, lease, examples), layout.signature().classes());
        }
        case "regress" -> {
          Examples examples = ExamplesRequest.read(body, layout, verb);
          return Answers.regressions(models.predict(exchange, lease, examples));
        }
        default ->
            throw new RequestException(
                404, "\"" + verb + "\" is no verb: there are predict, classify and regress");
      }
    }
  }

  private byte[] status(Exchange exchange, String model, Choice choice) {
    ModelFollower follower = models.find(exchange, model);
    StatusReply status = new StatusReply(follower.status());
    if (choice instanceof Choice.Default) {
      return status.all();
    }
    if (choice instanceof Choice.Numbered numbered && status.knows(numbered.version())) {
      return status.only(numbered.version());
    }
    try (Lease lease = models.lease(exchange, model, choice)) {
      return status.only(lease.manifest().version());
    }
  }

  private static Choice choice(@Nullable String version, @Nullable String label) {
    if (label != null) {
      return Choice.label(label);
    }
    if (version == null) {
      return Choice.DEFAULT;
    }
    if (!NUMBER.matcher(version).matches()) {
      throw new RequestException(400, "\"" + version + "\" is no version's number");
    }
    return Choice.version(Long.parseLong(version));
  }
}
