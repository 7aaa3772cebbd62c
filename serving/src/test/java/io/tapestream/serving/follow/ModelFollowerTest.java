package io.tapestream.serving.follow;

import static io.tapestream.serving.follow.SumModel.oneFeature;
import static io.tapestream.serving.follow.SumModel.publish;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.files.Manifest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
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

class ModelFollowerTest {
  @TempDir Path directory;
  private final SumModel model = new SumModel();
  private ModelFollower follower;

  @BeforeEach
  void follow() {
    follower = model.follower(directory);
  }

  @AfterEach
  void close() {
    follower.close();
  }

  @Test
  void theNewestVersionAnswers() throws Exception {
    publish(directory, 1, oneFeature(2));
    publish(directory, 2, oneFeature(2));

    follower.checkNow();

    Predictions answer = follower.predict(new float[] {1, 2, 10, 20}, 2);
    assertThat(answer.version().version()).isEqualTo(2);
    assertThat(answer.shape()).containsExactly(2, 1);
    assertThat(answer.values()).containsExactly(5, 32);
    assertThat(follower.serving()).map(Manifest::round).hasValue(20L);
  }

  @Test
  void beforeTheFirstVersionTheErrorSaysWhereItIsAwaited() throws Exception {
    follower.checkNow();
    assertThatThrownBy(() -> follower.predict(new float[2], 1))
        .isInstanceOf(NotServingException.class)
        .hasMessageContaining("no complete version under " + directory.resolve("sum"));
  }

  @Test
  void aNewVersionTakesOverAndTheOldOnesMemoryIsFreed() throws Exception {
    publish(directory, 1, oneFeature(1));
    follower.checkNow();
    assertThat(model.open).hasValue(1);

    publish(directory, 2, oneFeature(1));
    follower.checkNow();

    assertThat(follower.predict(new float[] {0}, 1).values()).containsExactly(2);
    assertThat(model.open).hasValue(1);
    follower.close();
    assertThat(model.open).hasValue(0);
  }

  @Test
  void i4AVersionWithoutItsManifestIsNotSeen() throws Exception {
    publish(directory, 1, oneFeature(1));
    Files.delete(publish(directory, 2, oneFeature(1)).resolve(Manifest.FILE));

    follower.checkNow();

    assertThat(follower.serving()).map(Manifest::version).hasValue(1L);
    assertThat(follower.rejections()).isEmpty();
  }

  @Test
  void i4ADamagedVersionIsRejectedWithTheReasonAndTheOldOneGoesOnAnswering() throws Exception {
    publish(directory, 1, oneFeature(1));
    follower.checkNow();
    damage(publish(directory, 2, oneFeature(1)).resolve(Manifest.WEIGHTS));

    follower.checkNow();

    assertThat(follower.predict(new float[] {0}, 1).values()).containsExactly(1);
    assertThat(follower.rejections())
        .singleElement()
        .satisfies(
            rejection -> {
              assertThat(rejection.version()).isEqualTo(2);
              assertThat(rejection.reason()).contains("weights.safetensors").contains("SHA-256");
            });
  }

  @Test
  void theNewestGoodOneIsTakenWhenTheNewestIsBad() throws Exception {
    publish(directory, 1, oneFeature(1));
    publish(directory, 2, oneFeature(1));
    damage(publish(directory, 3, oneFeature(1)).resolve(Manifest.WEIGHTS));

    follower.checkNow();

    assertThat(follower.serving()).map(Manifest::version).hasValue(2L);
  }

  @Test
  void aRejectedVersionIsTriedAgainOnceItsFilesHaveChanged() throws Exception {
    Path version = publish(directory, 1, oneFeature(1));
    byte[] good = Files.readAllBytes(version.resolve(Manifest.WEIGHTS));
    Files.write(version.resolve(Manifest.WEIGHTS), new byte[3]);
    follower.checkNow();
    follower.checkNow();
    assertThat(follower.rejections()).hasSize(1);
    assertThat(follower.whyNotServing()).contains("version 1").contains("has 3 bytes");

    Files.write(version.resolve(Manifest.WEIGHTS), good);
    follower.checkNow();

    assertThat(follower.serving()).map(Manifest::version).hasValue(1L);
    assertThat(follower.rejections()).isEmpty();
  }

  @Test
  void i6AVersionThatAnswersTheWarmUpWithANonFiniteValueIsRejectedAndFreed() throws Exception {
    publish(directory, 1, oneFeature(1), Float.NaN);
    follower.checkNow();
    assertThat(follower.rejections())
        .singleElement()
        .satisfies(r -> assertThat(r.reason()).contains("NaN"));
    assertThat(model.open).hasValue(0);
  }

  @Test
  void anInputOfTheWrongSizeIsRefusedWithWhatTheModelTakes() throws Exception {
    publish(directory, 1, oneFeature(2, 3));
    follower.checkNow();
    assertThatThrownBy(() -> follower.predict(new float[5], 1))
        .hasMessage("1 examples of shape [2, 3] take 6 values, 5 are given");
  }

  @Test
  void manyThreadsGetRightAnswersWhileVersionsAreSwapped() throws Exception {
    publish(directory, 1, oneFeature(1));
    follower.checkNow();
    AtomicBoolean done = new AtomicBoolean();
    ExecutorService clients = Executors.newFixedThreadPool(4);
    List<Future<Long>> results = new ArrayList<>();
    for (int client = 0; client < 4; client++) {
      results.add(
          clients.submit(
              () -> {
                long answered = 0;
                while (!done.get()) {
                  Predictions answer = follower.predict(new float[] {1}, 1);
                  assertThat(answer.values())
                      .containsExactly((float) (1 + answer.version().version()));
                  answered++;
                }
                return answered;
              }));
    }
    for (long version = 2; version <= 30; version++) {
      publish(directory, version, oneFeature(1));
      follower.checkNow();
    }
    done.set(true);
    for (Future<Long> result : results) {
      assertThat(result.get()).isPositive();
    }
    clients.shutdown();
    assertThat(follower.serving()).map(Manifest::version).hasValue(30L);
    assertThat(model.open).hasValue(1);
  }

  @Test
  void awaitingReturnsTheVersionOrNothingWhenTheTimeIsOver() throws Exception {
    assertThat(follower.awaitVersion(1, Duration.ofMillis(10))).isEmpty();
    ExecutorService waiting = Executors.newSingleThreadExecutor();
    var awaited = waiting.submit(() -> follower.awaitVersion(2, Duration.ofSeconds(30)));
    publish(directory, 2, oneFeature(1));
    follower.checkNow();
    assertThat(awaited.get()).map(Manifest::version).hasValue(2L);
    waiting.shutdown();
  }

  @Test
  void aClosedFollowerRefusesRequests() throws Exception {
    publish(directory, 1, oneFeature(1));
    follower.checkNow();
    follower.close();
    assertThatThrownBy(() -> follower.predict(new float[1], 1)).hasMessageContaining("closed");
    follower.checkSoon();
  }

  private static void damage(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 1] ^= 1;
    Files.write(file, bytes, StandardOpenOption.WRITE);
  }
}
