package io.tapestream.serving.server;

import static io.tapestream.serving.follow.SumModel.oneFeature;
import static io.tapestream.serving.follow.SumModel.publish;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tapestream.files.Releases;
import io.tapestream.files.VersionDirectory;
import io.tapestream.serving.follow.ModelFollower;
import io.tapestream.serving.follow.SumModel;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Versions answer with their number, so that a reply shows which ones made it. */
class SwapsUnderLoadTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int SWAPS = 200;
  private static final int ROWS = 7;

  @TempDir Path directory;

  @Test
  @Timeout(300)
  void noRequestFailsAndNoReplyIsOfTwoVersionsInTwoHundredSwapsSomeOfThemRollbacks()
      throws Exception {
    SumModel model = new SumModel();
    publish(directory, 1, oneFeature(1));
    try (ModelFollower follower = model.follower(directory);
        ModelServer server = ModelServer.start(List.of(follower), HttpSettings.loopback(0))) {
      follower.checkNow();
      AtomicBoolean done = new AtomicBoolean();
      ExecutorService clients = Executors.newFixedThreadPool(3);
      List<Future<Integer>> answers = new ArrayList<>();
      answers.add(clients.submit(() -> ask(Client.of(server), done, SwapsUnderLoadTest::rows)));
      answers.add(clients.submit(() -> ask(Client.of(server), done, SwapsUnderLoadTest::columns)));
      answers.add(clients.submit(() -> ask(Client.of(server), done, SwapsUnderLoadTest::infer)));

      long version = 1;
      while (follower.status().swaps() <= SWAPS) {
        publish(directory, ++version, oneFeature(1));
        follower.checkNow();
        if (version % 10 == 0) {
          long before = version - 1;
          decide(follower, now -> now.withHold(before));
          assertThat(follower.serving().orElseThrow().version()).isEqualTo(before);
          decide(follower, Releases::withoutHold);
        }
      }
      done.set(true);
      for (Future<Integer> answered : answers) {
        assertThat(answered.get()).isPositive();
      }
      clients.shutdown();
      assertThat(model.open).as("versions in memory").hasValue(1);
    }
    assertThat(model.open).hasValue(0);
  }

  private void decide(ModelFollower follower, java.util.function.UnaryOperator<Releases> decision)
      throws Exception {
    Releases.update(new VersionDirectory(directory, SumModel.NAME), decision);
    follower.checkNow();
  }

  @FunctionalInterface
  private interface Question {
    /** Asks about examples of zero, and finds the answers in the reply. */
    JsonNode ask(Client client, String zeros) throws Exception;
  }

  private static int ask(Client client, AtomicBoolean done, Question question) throws Exception {
    String zeros = "[0]" + ", [0]".repeat(ROWS - 1);
    int answered = 0;
    while (!done.get()) {
      JsonNode values = question.ask(client, zeros);
      assertThat(values).hasSize(ROWS);
      answered++;
    }
    return answered;
  }

  private static JsonNode rows(Client client, String zeros) throws Exception {
    return checked(
        client.post("/v1/models/sum:predict", "{'instances': [" + zeros + "]}"), "/predictions");
  }

  private static JsonNode columns(Client client, String zeros) throws Exception {
    return checked(
        client.post("/v1/models/sum:predict", "{'inputs': [" + zeros + "]}"), "/outputs");
  }

  private static JsonNode infer(Client client, String zeros) throws Exception {
    return checked(
        client.post(
            "/v2/models/sum/infer",
            "{'inputs': [{'name': 'x', 'shape': [7, 1], 'datatype': 'FP32', 'data': ["
                + zeros
                + "]}]}"),
        "/outputs/0/data");
  }

  private static JsonNode checked(HttpResponse<String> response, String where) throws Exception {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    JsonNode values = JSON.readTree(response.body()).at(where);
    float version = Float.parseFloat(Client.version(response));
    for (JsonNode value : values) {
      assertThat(value.isArray() ? value.get(0).floatValue() : value.floatValue())
          .isEqualTo(version);
    }
    return values;
  }
}
