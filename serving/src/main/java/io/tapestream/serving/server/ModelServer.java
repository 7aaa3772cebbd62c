package io.tapestream.serving.server;

import io.javalin.Javalin;
import io.javalin.config.JavalinConfig;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import io.tapestream.files.Manifest;
import io.tapestream.serving.follow.ModelFollower;
import io.tapestream.serving.follow.NotServingException;
import io.tapestream.serving.follow.Predictions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers over HTTP for models that are followed, in TensorFlow Serving's REST form:
 *
 * <pre>
 * POST /v1/models/NAME[/versions/N]:predict      {"instances": [X, …]} → {"predictions": [Y, …]}
 * GET  /v1/models/NAME[/versions/N]              {"model_version_status": [{"version": "7", "state": "AVAILABLE", …}]}
 * GET  /v1/models/NAME[/versions/N]/metadata     {"model_spec": …, "metadata": the version's manifest}
 * GET  /healthz                                  200 while the process lives
 * GET  /readyz                                   200 when every model has a version that answers, else 503
 * </pre>
 *
 * <p>One version of a model answers at a time, the newest good one; the header {@value
 * #VERSION_HEADER} names it. An error is {@code {"error": "…"}} with status 400 (the request is
 * wrong), 404 (no such model or version), 413 (the body is too large) or 503 (no version yet).
 */
public final class ModelServer implements AutoCloseable {
  /** Name of the response header with the number of the version that answered. */
  public static final String VERSION_HEADER = "Tapestream-Model-Version";

  private static final Logger LOG = LoggerFactory.getLogger(ModelServer.class);
  private static final String JSON = "application/json";

  private final Map<String, ModelFollower> followers;
  private final Javalin http;
  private final String host;

  /**
   * Starts to listen.
   *
   * @param followers the models to answer for; they stay the caller's to close, after the server
   * @param settings where to listen
   * @throws IllegalArgumentException if two followers follow models of the same name
   */
  public static ModelServer start(Collection<ModelFollower> followers, HttpSettings settings) {
    return new ModelServer(
        followers.stream()
            .collect(
                Collectors.toMap(
                    ModelFollower::model,
                    follower -> follower,
                    (a, b) -> {
                      throw new IllegalArgumentException(
                          "two followers follow a model called \"" + a.model() + "\"");
                    },
                    TreeMap::new)),
        settings);
  }

  private ModelServer(Map<String, ModelFollower> followers, HttpSettings settings) {
    this.followers = followers;
    this.host = settings.host();
    this.http =
        Javalin.create(
            config -> {
              config.startup.showJavalinBanner = false;
              config.startup.showOldJavalinVersionWarning = false;
              config.http.maxRequestSize = settings.maxRequestBytes();
              route(config);
            });
    http.start(settings.host(), settings.port());
    LOG.info("Serving {} at {}", followers.keySet(), url());
  }

  private void route(JavalinConfig config) {
    RoutesConfig routes = config.routes;
    routes.post("/v1/models/{model}:predict", this::predict);
    routes.post("/v1/models/{model}/versions/{version}:predict", this::predict);
    routes.get("/v1/models/{model}", this::status);
    routes.get("/v1/models/{model}/versions/{version}", this::status);
    routes.get("/v1/models/{model}/metadata", this::metadata);
    routes.get("/v1/models/{model}/versions/{version}/metadata", this::metadata);
    routes.get("/healthz", ctx -> answer(ctx, 200, Responses.health("alive")));
    routes.get("/readyz", this::ready);
    routes.exception(RequestException.class, (e, ctx) -> fail(ctx, e.status(), e.getMessage()));
    routes.exception(NotServingException.class, (e, ctx) -> fail(ctx, 503, e.getMessage()));
    routes.exception(
        HttpResponseException.class, (e, ctx) -> fail(ctx, e.getStatus(), e.getMessage()));
    routes.exception(
        Exception.class,
        (e, ctx) -> {
          LOG.error("{} {} failed", ctx.method(), ctx.path(), e);
          fail(ctx, 500, "the model failed: " + e.getMessage());
        });
  }

  /** The port that is listened to, chosen by the system where the settings said 0. */
  public int port() {
    return http.port();
  }

  /** Such as {@code http://127.0.0.1:8501}. */
  public String url() {
    String name = host.contains(":") ? "[" + host + "]" : host;
    return "http://" + name + ":" + port();
  }

  private void predict(Context ctx) throws IOException, InterruptedException {
    byte[] body = ctx.bodyAsBytes(); // before any refusal: who still sends a body reads no answer
    ModelFollower follower = follower(ctx);
    Manifest version = version(ctx, follower);
    PredictRequest.Examples examples = PredictRequest.parse(body, version.signature());
    Predictions predictions = follower.predict(examples.values(), examples.rows());
    requireVersion(ctx, follower, predictions.version());
    byte[] answer = Responses.predictions(predictions);
    ctx.header(VERSION_HEADER, Long.toString(predictions.version().version()));
    answer(ctx, 200, answer);
  }

  private void status(Context ctx) throws IOException {
    ModelFollower follower = follower(ctx);
    boolean oneVersion = ctx.pathParamMap().containsKey("version");
    answer(
        ctx,
        200,
        oneVersion
            ? Responses.status(Optional.of(version(ctx, follower)), List.of())
            : Responses.status(follower.serving(), follower.rejections()));
  }

  private void metadata(Context ctx) throws IOException {
    answer(ctx, 200, Responses.metadata(version(ctx, follower(ctx))));
  }

  private void ready(Context ctx) throws IOException {
    for (ModelFollower follower : followers.values()) {
      if (follower.serving().isEmpty()) {
        throw new RequestException(503, follower.whyNotServing());
      }
    }
    answer(ctx, 200, Responses.health("ready"));
  }

  private ModelFollower follower(Context ctx) {
    String name = ctx.pathParam("model");
    ModelFollower follower = followers.get(name);
    if (follower == null) {
      throw new RequestException(
          404, "no model is called \"" + name + "\"; served are " + followers.keySet());
    }
    return follower;
  }

  /** The version that answers, which must be the one the path names, if it names one. */
  private static Manifest version(Context ctx, ModelFollower follower) {
    Manifest serving =
        follower.serving().orElseThrow(() -> new RequestException(503, follower.whyNotServing()));
    requireVersion(ctx, follower, serving);
    return serving;
  }

  private static void requireVersion(Context ctx, ModelFollower follower, Manifest serving) {
    String asked = ctx.pathParamMap().get("version");
    if (asked != null && !asked.equals(Long.toString(serving.version()))) {
      throw new RequestException(
          404,
          "version "
              + asked
              + " of model \""
              + follower.model()
              + "\" is not loaded; version "
              + serving.version()
              + " is");
    }
  }

  private static void fail(Context ctx, int status, @Nullable String message) {
    try {
      answer(ctx, status, Responses.error(message == null ? "HTTP " + status : message));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void answer(Context ctx, int status, byte[] body) {
    ctx.status(status).contentType(JSON).result(body);
  }

  /** Stops listening after the requests under way. */
  @Override
  public void close() {
    http.stop();
  }
}
