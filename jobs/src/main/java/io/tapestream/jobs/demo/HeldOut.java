package io.tapestream.jobs.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tapestream.jobs.demo.FashionMnist.Images;
import io.tapestream.serving.server.ModelServer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Asks a model server over HTTP about images that were held out, and counts right answers. */
final class HeldOut {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final HttpClient http = HttpClient.newBuilder().connectTimeout(PATIENCE).build();
  private final Images images;
  private final URI predict;

  /**
   * What the server answered.
   *
   * @param version that answered
   * @param right answers
   * @param asked images
   */
  record Answer(long version, int right, int asked) {
    double accuracy() {
      return (double) right / asked;
    }

    Answer plus(Answer other) {
      return new Answer(other.version, right + other.right, asked + other.asked);
    }
  }

  HeldOut(Images images, URI predict) {
    this.images = images;
    this.predict = predict;
  }

  /** Where predictions are asked for. */
  URI predict() {
    return predict;
  }

  /** All images, {@code chunk} of them in a request. */
  Answer askAll(int chunk) throws IOException, InterruptedException {
    Answer all = new Answer(0, 0, 0);
    for (int from = 0; from < images.count(); from += chunk) {
      Optional<Answer> answer = ask(from, Math.min(from + chunk, images.count()));
      if (answer.isEmpty()) {
        throw new IOException(predict + " serves no version");
      }
      all = all.plus(answer.get());
    }
    return all;
  }

  /** Some images in one request; empty while the server has no version yet. */
  Optional<Answer> ask(int from, int to) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(predict)
            .timeout(PATIENCE)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofByteArray(body(from, to)))
            .build();
    HttpResponse<byte[]> response = http.send(request, HttpResponse.BodyHandlers.ofByteArray());
    if (response.statusCode() == 503) {
      return Optional.empty();
    }
    JsonNode answer = JSON.readTree(response.body());
    if (response.statusCode() != 200) {
      throw new IOException(predict + " answers " + response.statusCode() + ": " + answer);
    }
    JsonNode predictions = answer.path("predictions");
    int right = 0;
    for (int i = from; i < to; i++) {
      if (greatest(predictions.path(i - from)) == images.label(i)) {
        right++;
      }
    }
    long version = response.headers().firstValueAsLong(ModelServer.VERSION_HEADER).orElseThrow();
    return Optional.of(new Answer(version, right, to - from));
  }

  /** {@code {"instances": [[[[0.0], …]]]}} for the given images. */
  byte[] body(int from, int to) throws IOException {
    List<float[][][]> instances = new ArrayList<>();
    float[] pixels = new float[FashionMnist.PIXELS];
    for (int i = from; i < to; i++) {
      images.read(i, pixels, 0);
      float[][][] instance = new float[FashionMnist.SIDE][FashionMnist.SIDE][1];
      for (int p = 0; p < pixels.length; p++) {
        instance[p / FashionMnist.SIDE][p % FashionMnist.SIDE][0] = pixels[p];
      }
      instances.add(instance);
    }
    return JSON.writeValueAsBytes(
        JSON.createObjectNode().set("instances", JSON.valueToTree(instances)));
  }

  private static int greatest(JsonNode scores) {
    int greatest = 0;
    for (int i = 1; i < scores.size(); i++) {
      if (scores.get(i).doubleValue() > scores.get(greatest).doubleValue()) {
        greatest = i;
      }
    }
    return greatest;
  }
}
