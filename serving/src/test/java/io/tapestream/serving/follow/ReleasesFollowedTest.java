package io.tapestream.serving.follow;

import static io.tapestream.serving.follow.SumModel.oneFeature;
import static io.tapestream.serving.follow.SumModel.publish;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.files.InvalidVersionException;
import io.tapestream.files.Manifest;
import io.tapestream.files.Releases;
import io.tapestream.files.VersionDirectory;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What people have decided about versions is what a follower serves. */
class ReleasesFollowedTest {
  @TempDir Path directory;
  private final SumModel model = new SumModel();
  private final List<String> news = new ArrayList<>();
  private ModelFollower follower;

  @BeforeEach
  void follow() {
    follower = model.follower(directory);
    follower.addListener(
        new SwapListener() {
          @Override
          public void swapped(Optional<Manifest> before, Manifest now) {
            news.add(before.map(Manifest::version).orElse(0L) + " → " + now.version());
          }

          @Override
          public void rejected(Rejection rejection) {
            news.add("not " + rejection.version());
          }
        });
  }

  @AfterEach
  void close() {
    follower.close();
    assertThat(model.open).hasValue(0);
  }

  @Test
  void holdingAVersionRollsBackAndReleasingItRollsForward() throws Exception {
    publishAll(1, 2, 3);
    decide(now -> now.withHold(2));
    assertThat(served()).isEqualTo(2);
    publishAll(4);
    assertThat(served()).isEqualTo(2);
    assertThat(model.open).hasValue(1);

    decide(Releases::withoutHold);

    assertThat(served()).isEqualTo(4);
    assertThat(news).containsExactly("0 → 1", "1 → 2", "2 → 3", "3 → 2", "2 → 4");
    assertThat(follower.status().swaps()).isEqualTo(5);
  }

  @Test
  void aHeldVersionThatIsDamagedOrMissingLeavesTheOldOneAnswering() throws Exception {
    publishAll(1);
    damage(publish(directory, 2, oneFeature(1)));
    publishAll(3);

    decide(now -> now.withHold(2));
    assertThat(served()).isEqualTo(3);
    assertThat(follower.rejections())
        .singleElement()
        .satisfies(rejection -> assertThat(rejection.reason()).contains("has 1 bytes"));

    decide(now -> now.withHold(7));
    assertThat(served()).isEqualTo(3);
    assertThat(follower.rejections())
        .anySatisfy(
            rejection -> {
              assertThat(rejection.version()).isEqualTo(7);
              assertThat(rejection.reason()).contains("held").contains("no complete version");
            });
    assertThat(follower.status().rejected()).isEqualTo(1);
  }

  @Test
  void aFollowerThatStartsWithADamagedHeldVersionTakesAnOlderOneAndNeverANewerOne()
      throws Exception {
    publish(directory, 1, oneFeature(1));
    damage(publish(directory, 2, oneFeature(1)));
    publish(directory, 3, oneFeature(1));
    decide(now -> now.withHold(2));
    assertThat(served()).isEqualTo(1);
  }

  @Test
  void labelledVersionsAreLoadedBesideTheDefaultAndFreedWithTheirLabel() throws Exception {
    publishAll(1, 2, 3);
    assertThat(model.open).hasValue(1);

    decide(now -> now.withLabel("stable", 1).withLabel("canary", 3));

    assertThat(answer(Choice.label("stable"))).isEqualTo(1);
    assertThat(answer(Choice.label("canary"))).isEqualTo(3);
    assertThat(answer(Choice.version(1))).isEqualTo(1);
    assertThat(model.open).hasValue(2);
    assertThat(follower.status().labels()).containsEntry("stable", 1L).containsEntry("canary", 3L);
    assertThatThrownBy(() -> answer(Choice.version(2)))
        .isInstanceOf(NotLoadedException.class)
        .hasMessage("version 2 of model \"sum\" is not loaded; versions 1, 3 are");

    decide(now -> now.withoutLabel("stable"));

    assertThat(model.open).hasValue(1);
    assertThatThrownBy(() -> answer(Choice.label("stable")))
        .isInstanceOf(NotLoadedException.class)
        .hasMessageContaining("labels are {canary=3}");
  }

  @Test
  void aLabelMovedToABadVersionStaysWhereItWas() throws Exception {
    publishAll(1, 2);
    decide(now -> now.withLabel("stable", 1));
    damage(publish(directory, 3, oneFeature(1)));

    decide(now -> now.withLabel("stable", 3));
    assertThat(answer(Choice.label("stable"))).isEqualTo(1);

    decide(now -> now.withLabel("stable", 9));
    assertThat(answer(Choice.label("stable"))).isEqualTo(1);
    assertThat(follower.rejections()).extracting(Rejection::version).containsExactly(3L, 9L);
  }

  @Test
  void theDefaultThatGetsALabelAsANewerOneComesIsNotLoadedAgain() throws Exception {
    publishAll(1);
    publish(directory, 2, oneFeature(1));
    try (Lease lease = follower.lease(Choice.DEFAULT)) {
      decide(now -> now.withLabel("stable", 1));
      assertThat(served()).isEqualTo(2);
      assertThat(model.open).hasValue(2);
      assertThat(lease.predict(new float[1], 1).values()).containsExactly(1);
    }
    assertThat(answer(Choice.label("stable"))).isEqualTo(1);
    assertThat(news).containsExactly("0 → 1", "1 → 2");
  }

  @Test
  void decisionsThatCantBeReadLeaveEverythingAsItIs() throws Exception {
    publishAll(1);
    decide(now -> now.withHold(1));
    Path file = new VersionDirectory(directory, SumModel.NAME).root().resolve(Releases.FILE);
    Files.writeString(file, "{");
    publish(directory, 2, oneFeature(1));
    assertThatThrownBy(() -> follower.checkNow()).isInstanceOf(InvalidVersionException.class);
    assertThat(served()).isEqualTo(1);
  }

  @Test
  void aLookThatBreaksOffFreesWhatItHasLoaded() throws Exception {
    VersionDirectory versions = new VersionDirectory(directory, SumModel.NAME);
    VersionLoader loader =
        (manifest, path) -> {
          if (manifest.version() == 2) {
            Files.move(versions.path(3), directory.resolve("gone"));
          }
          return model.load(manifest, path);
        };
    follower = new ModelFollower(versions, loader, FollowSettings.defaults(), Clock.systemUTC());
    for (long version = 1; version <= 4; version++) {
      publish(directory, version, oneFeature(1));
    }
    Releases.update(versions, now -> now.withLabel("a", 2).withLabel("b", 3));
    assertThatThrownBy(() -> follower.checkNow()).isInstanceOf(NoSuchFileException.class);
    assertThat(served()).isEqualTo(4);
    assertThat(model.open).hasValue(1);
  }

  @Test
  void aLeaseKeepsItsVersionUntilItIsClosed() throws Exception {
    publishAll(1);
    try (Lease lease = follower.lease(Choice.DEFAULT)) {
      publishAll(2);
      assertThat(served()).isEqualTo(2);
      assertThat(lease.predict(new float[1], 1).values()).containsExactly(1);
      assertThat(model.open).hasValue(2);
    }
    assertThat(model.open).hasValue(1);
  }

  @Test
  void aListenerThatFailsStopsNothing() throws Exception {
    follower.addListener(
        (before, now) -> {
          throw new IllegalStateException("told to fail");
        });
    publishAll(1, 2);
    assertThat(served()).isEqualTo(2);
  }

  private long served() throws Exception {
    return answer(Choice.DEFAULT);
  }

  private long answer(Choice choice) throws Exception {
    Predictions answer = follower.predict(choice, new float[1], 1);
    assertThat(answer.values()).containsExactly((float) answer.version().version());
    return answer.version().version();
  }

  private void publishAll(long... numbers) throws Exception {
    for (long version : numbers) {
      publish(directory, version, oneFeature(1));
      follower.checkNow();
    }
  }

  private void decide(UnaryOperator<Releases> decision) throws Exception {
    Releases.update(new VersionDirectory(directory, SumModel.NAME), decision);
    follower.checkNow();
  }

  private static void damage(Path version) throws Exception {
    Files.write(version.resolve(Manifest.WEIGHTS), new byte[1]);
  }
}
