package io.tapestream.jobs.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tapestream.jobs.Shutdown;
import io.tapestream.serving.follow.FollowSettings;
import io.tapestream.serving.follow.ModelFollower;
import io.tapestream.serving.server.HttpSettings;
import io.tapestream.serving.server.ModelServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code tapestream predict}: asks a server, or the newest version in a directory. */
@Command(
    name = "predict",
    header = "Asks a model server, or the newest version in a directory, for predictions.",
    description = "%nPrints one line for each example.",
    footer = {
      "%nExamples:",
      "  tapestream predict --name fashion --idx t10k-images-idx3-ubyte.gz --index 7",
      "  tapestream predict --name clicks --directory models --csv clicks.csv",
      "  tapestream predict --name clicks --json '[[0.5, 1, 0]]'"
    })
final class PredictCommand implements Callable<Integer> {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @Spec private CommandSpec command = CommandSpec.create();

  @Option(names = "--name", required = true, description = "The model's name.")
  private String name = "";

  @ArgGroup(heading = "%nWho answers:%n")
  private Who who = new Who();

  @ArgGroup(multiplicity = "1", exclusive = true, heading = "%nWhat is asked:%n")
  private Examples examples = new Examples();

  @Option(
      names = "--index",
      split = ",",
      paramLabel = "N",
      defaultValue = "0",
      description = "Which images of --idx, from 0. Default: ${DEFAULT-VALUE}.")
  private List<Integer> indices = List.of(0);

  @Option(
      names = "--output",
      defaultValue = "text",
      description = "text or json. Default: ${DEFAULT-VALUE}.")
  private Output output = Output.TEXT;

  @Mixin private UserClasses classes = new UserClasses();

  static final class Who {
    @Option(
        names = "--url",
        description =
            "A model server's address. Default: http://127.0.0.1:"
                + HttpSettings.DEFAULT_PORT
                + ".")
    private URI url = URI.create("http://127.0.0.1:" + HttpSettings.DEFAULT_PORT);

    @Option(
        names = "--directory",
        paramLabel = "DIR",
        description = "A directory of versions instead of a server: DIR/NAME.")
    private @Nullable Path directory;
  }

  @Override
  public Integer call() throws Exception {
    List<JsonNode> instances = examples.instances(indices);
    Path directory = who.directory;
    if (directory == null) {
      return ask(who.url, instances);
    }
    if (!Files.isDirectory(directory.resolve(name))) {
      throw new NoSuchFileException(directory.resolve(name).toString());
    }
    // The directory is asked as a server would be, so that both answer alike.
    FollowSettings follow = FollowSettings.defaults().withClassLoader(classes.install());
    try (Shutdown shutdown = new Shutdown()) {
      ModelFollower follower = shutdown.closes(ModelFollower.start(directory, name, follow));
      if (follower.awaitVersion(1, PATIENCE).isEmpty()) {
        throw new IOException(follower.whyNotServing());
      }
      ModelServer server =
          shutdown.closes(ModelServer.start(List.of(follower), HttpSettings.loopback(0)));
      return ask(URI.create(server.url()), instances);
    }
  }

  private int ask(URI url, List<JsonNode> instances) throws IOException, InterruptedException {
    HttpClient http = HttpClient.newBuilder().connectTimeout(PATIENCE).build();
    String model = url.toString().replaceAll("/+$", "") + "/v1/models/" + name;
    ObjectNode body = JSON.createObjectNode();
    body.set("instances", JSON.createArrayNode().addAll(instances));
    HttpResponse<byte[]> response =
        send(
            http,
            HttpRequest.newBuilder(URI.create(model + ":predict"))
                .POST(HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body))));
    JsonNode predictions = read(response).path("predictions");
    String version = response.headers().firstValue(ModelServer.VERSION_HEADER).orElse("");
    PrintWriter out = command.commandLine().getOut();
    if (output == Output.JSON) {
      ObjectNode answer = JSON.createObjectNode();
      answer.put("model", name);
      answer.put("version", version.isEmpty() ? 0 : Long.parseLong(version));
      answer.set("predictions", predictions);
      out.println(JSON.writeValueAsString(answer));
    } else {
      JsonNode metadata = read(send(http, HttpRequest.newBuilder(URI.create(model + "/metadata"))));
      JsonNode classes = metadata.path("metadata").path("signature").path("classes");
      predictions.forEach(prediction -> out.println(line(prediction, classes)));
    }
    out.flush();
    return 0;
  }

  private static HttpResponse<byte[]> send(HttpClient http, HttpRequest.Builder request)
      throws IOException, InterruptedException {
    HttpRequest built = request.timeout(PATIENCE).build();
    try {
      return http.send(built, HttpResponse.BodyHandlers.ofByteArray());
    } catch (java.net.ConnectException e) {
      throw new IOException(
          "nothing answers at "
              + built.uri()
              + "; start one with: tapestream serve DIR --name NAME, or name --directory",
          e);
    }
  }

  private static JsonNode read(HttpResponse<byte[]> response) throws IOException {
    JsonNode answer;
    try {
      answer = JSON.readTree(response.body());
    } catch (JsonProcessingException e) {
      throw new IOException(response.uri() + " does not answer like a model server", e);
    }
    if (response.statusCode() != 200) {
      throw new IOException(answer.path("error").asText("HTTP " + response.statusCode()));
    }
    return answer;
  }

  /** The class with the greatest score, if the classes are known, then the numbers. */
  private static String line(JsonNode prediction, JsonNode classes) {
    if (classes.isEmpty() || classes.size() != prediction.size()) {
      return prediction.toString();
    }
    int greatest = 0;
    for (int i = 1; i < prediction.size(); i++) {
      if (prediction.get(i).doubleValue() > prediction.get(greatest).doubleValue()) {
        greatest = i;
      }
    }
    StringBuilder line = new StringBuilder(classes.get(greatest).textValue()).append("  [");
    for (int i = 0; i < prediction.size(); i++) {
      line.append(i == 0 ? "" : ", ")
          .append(String.format(Locale.ROOT, "%.4g", prediction.get(i).doubleValue()));
    }
    return line.append(']').toString();
  }
}
