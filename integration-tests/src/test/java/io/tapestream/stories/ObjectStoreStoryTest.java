package io.tapestream.stories;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.files.Manifest;
import io.tapestream.files.Releases;
import io.tapestream.files.VersionDirectory;
import io.tapestream.files.VersionWeights;
import io.tapestream.jobs.LocalJob;
import io.tapestream.jobs.embedded.EmbeddedKafka;
import io.tapestream.operators.storage.Storage;
import io.tapestream.serving.follow.FollowSettings;
import io.tapestream.serving.follow.ModelFollower;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.plugin.PluginUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Versions in an object store, through Flink's own plugin for S3. */
class ObjectStoreStoryTest {
  private static final int WIDTH = 400;
  private static final String BUCKET = "s3://bucket/models";

  @TempDir Path directory;
  private ObjectStore store;

  @BeforeEach
  void startStore() throws Exception {
    store = ObjectStore.start();
    Configuration settings = new Configuration();
    settings.setString("s3.endpoint", store.endpoint());
    settings.setString("s3.path.style.access", "true");
    settings.setString("s3.access-key", "it");
    settings.setString("s3.secret-key", "it");
    FileSystem.initialize(settings, PluginUtils.createPluginManagerFromRootFolder(settings));
  }

  @AfterEach
  void stopStore() throws Exception {
    FileSystem.initialize(new Configuration(), null);
    store.close();
  }

  @Test
  void a_job_publishes_complete_versions_into_a_bucket_I4() throws Exception {
    try (EmbeddedKafka kafka = EmbeddedKafka.start()) {
      Topic topic = Topic.create(kafka, 2);
      topic.writeAvro(0, WIDTH, i -> Topic.oneHot(i, WIDTH));
      try (LocalJob job = story(topic).start(1, null)) {
        Story.await(job);
      }
      VersionDirectory versions = new VersionDirectory(Storage.path(BUCKET), "story");
      List<Long> complete = versions.complete();
      assertThat(complete).isNotEmpty();
      for (long version : complete) {
        versions.manifest(version).verify(versions.path(version));
      }
      long newest = versions.newest().orElseThrow();
      Manifest manifest = versions.manifest(newest);
      assertThat(VersionWeights.read(versions.path(newest), manifest).flat()).containsOnly(1f);
      assertThat(store.keys()).noneMatch(key -> key.endsWith(".claim"));
      assertThat(Files.exists(versions.path(newest + 1))).isFalse();
      FollowSettings settings = FollowSettings.defaults();
      try (ModelFollower follower = ModelFollower.start(Storage.path(BUCKET), "story", settings)) {
        assertThat(follower.awaitVersion(newest, Story.PATIENCE)).contains(manifest);
        float[] all = new float[WIDTH];
        Arrays.fill(all, 1f);
        assertThat(follower.predict(all, 1).values())
            .as("the sum of weights")
            .containsExactly(WIDTH);
        Releases.update(versions, complete.get(0), now -> now.withHold(complete.get(0)));
        follower.checkNow();
        assertThat(follower.serving().orElseThrow().version()).isEqualTo(complete.get(0));
      }
    }
  }

  @Test
  void a_manifest_that_the_store_refuses_is_written_by_the_next_attempt_under_the_same_number()
      throws Exception {
    try (EmbeddedKafka kafka = EmbeddedKafka.start()) {
      Topic topic = Topic.create(kafka, 1);
      topic.writeAvro(0, WIDTH, i -> Topic.oneHot(i, WIDTH));
      AtomicInteger refusals = new AtomicInteger(2);
      store.refuse(
          request ->
              request.equals("PUT bucket/models/story/00000001/manifest.json")
                  && refusals.getAndDecrement() > 0);
      Story story = story(topic).with("restart.attempts", 5);
      try (LocalJob job = story.start(1, null)) {
        Story.await(job);
      }
      assertThat(refusals.get()).as("the manifest was refused").isNotPositive();
      VersionDirectory versions = new VersionDirectory(Storage.path(BUCKET), "story");
      assertThat(versions.numbered()).isEqualTo(versions.complete());
      long newest = versions.newest().orElseThrow();
      for (long version : versions.complete()) {
        versions.manifest(version).verify(versions.path(version));
      }
      assertThat(VersionWeights.read(versions.path(newest), versions.manifest(newest)).flat())
          .as("each record once")
          .containsOnly(1f);
    }
  }

  private Story story(Topic topic) {
    return Story.of(topic, directory)
        .counting(WIDTH)
        .with("batchSize", 4)
        .with("parallelism.trainers", 2)
        .with("parallelism.shards", 2)
        .with("parallelism.blockFloats", 64)
        .with("publish.directory", BUCKET);
  }
}
