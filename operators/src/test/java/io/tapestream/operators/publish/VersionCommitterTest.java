package io.tapestream.operators.publish;

import static io.tapestream.operators.publish.Staging.pend;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tapestream.files.Lineage;
import io.tapestream.files.Manifest;
import io.tapestream.files.Provenance;
import io.tapestream.files.ReleaseLock;
import io.tapestream.files.Releases;
import io.tapestream.files.SafeTensors;
import io.tapestream.files.VersionDirectory;
import io.tapestream.operators.publish.Staging.Request;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VersionCommitterTest {
  @TempDir Path directory;
  private PublishingPlan plan;
  private VersionDirectory versions;
  private final List<Long> announced = new ArrayList<>();

  @BeforeEach
  void plan() {
    plan = TestPlan.plan(directory);
    versions = plan.versions();
  }

  @Test
  void versionsAreNumberedInTheOrderOfTheirCheckpointsAndAnnounced() throws Exception {
    commit(pend(plan, 4, 10));
    commit(pend(plan, 5, 12));

    assertThat(versions.complete()).containsExactly(1L, 2L);
    assertThat(announced).containsExactly(1L, 2L);
    Manifest second = versions.manifest(2);
    second.verify(versions.path(2));
    assertThat(second.hasIdentity(TestPlan.RUN, 5)).isTrue();
    assertThat(weights(2)).containsExactly(TestPlan.vector(12));
  }

  @Test
  void r17NumbersGoOnOverRunsThoughCheckpointIdsBeginAgain() throws Exception {
    commit(pend(plan, 4, 10));
    commit(pend(TestPlan.plan(directory, "run-2"), 4, 20));

    assertThat(versions.complete()).containsExactly(1L, 2L);
    assertThat(versions.manifest(2).run()).isEqualTo("run-2");
  }

  @Test
  void aVersionNamesTheOneThatItsRunPublishedBefore() throws Exception {
    commit(pend(plan, 4, 10));
    commit(pend(TestPlan.plan(directory, "run-2"), 4, 20));
    commit(pend(plan, 5, 12));

    assertThat(versions.manifest(1).provenance().parent()).isNull();
    assertThat(versions.manifest(2).provenance().parent()).isNull();
    Provenance provenance = versions.manifest(3).provenance();
    assertThat(provenance.parent()).isEqualTo(new Lineage.Start(TestPlan.MODEL, 1, TestPlan.RUN));
    assertThat(provenance.software()).startsWith("tapestream ");
  }

  /** The draft stood in a savepoint that a release before format 2 took. */
  @Test
  void aDraftOfFormat1IsCommittedInFormat2() throws Exception {
    PendingVersion version = pend(plan, 4, 10);
    ObjectMapper json = new ObjectMapper();
    ObjectNode old = (ObjectNode) json.readTree(version.draft().toJson());
    old.put("format", 1).remove(List.of("provenance", "digest"));
    ((ObjectNode) old.get("signature")).remove(List.of("inputs", "outputs"));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeUTF(version.directory());
      out.write(json.writeValueAsBytes(old));
    }

    commit(new PendingVersionSerializer().deserialize(1, bytes.toByteArray()));

    Manifest published = versions.manifest(1);
    published.verify(versions.path(1));
    assertThat(published.format()).isEqualTo(2);
    assertThat(published.provenance()).isEqualTo(Provenance.UNKNOWN);
    assertThat(published.signature().inputs()).hasSize(1);
  }

  @Test
  void r17ARepeatedCommitFindsItsNumber() throws Exception {
    PendingVersion version = pend(plan, 4, 10);
    commit(version);
    commit(pend(plan, 5, 12));

    Request repeated = commit(version);

    assertThat(repeated.outcome).isEqualTo("already committed");
    assertThat(versions.complete()).containsExactly(1L, 2L);
    assertThat(announced).as("at least once").containsExactly(1L, 2L, 1L);
  }

  @Test
  void i4CutShortBeforeTheRenameThereIsNoVersionAndTheRepeatMakesIt() throws Exception {
    PendingVersion version = pend(plan, 4, 10);
    assertThat(versions.complete()).isEmpty();
    commit(version);
    assertThat(versions.complete()).containsExactly(1L);
  }

  @Test
  void i4CutShortBeforeTheManifestTheVersionIsInvisibleAndTheRepeatCompletesIt() throws Exception {
    commit(pend(plan, 3, 8));
    PendingVersion version = pend(plan, 4, 10);
    Files.move(plan.pendingFiles().resolve(version.directory()), versions.path(2));
    Files.writeString(versions.path(2).resolve(".manifest.json-half-written"), "{");
    assertThat(versions.complete()).containsExactly(1L);

    assertThat(commit(version).outcome).isEqualTo("committed");

    assertThat(versions.complete()).containsExactly(1L, 2L);
    versions.manifest(2).verify(versions.path(2));
    assertThat(weights(2)).containsExactly(TestPlan.vector(10));
  }

  @Test
  void cutShortBeforeTheAnnouncementTheRepeatAnnounces() throws Exception {
    PendingVersion version = pend(plan, 4, 10);
    Announcer unreachable =
        new Announcer() {
          @Override
          public void announce(Manifest manifest) throws IOException {
            throw new IOException("no broker");
          }

          @Override
          public void close() {}
        };
    VersionCommitter failing =
        new VersionCommitter(versions, Retention.DEFAULT, unreachable, null, Clock.systemUTC());
    assertThatThrownBy(() -> failing.commit(List.of(new Request(version)))).hasMessage("no broker");
    assertThat(versions.complete()).containsExactly(1L);

    assertThat(commit(version).outcome).isEqualTo("already committed");
    assertThat(announced).containsExactly(1L);
  }

  @Test
  void r17ARestoredVersionWhoseFilesAreMissingIsRefusedAndNotRetried() throws Exception {
    PendingVersion version = pend(plan, 4, 10);
    PendingFiles.delete(plan.pendingFiles().resolve(version.directory()));

    Request request = commit(version);

    assertThat(request.outcome).startsWith("failed").contains("missing");
    assertThat(versions.numbered()).isEmpty();
    commit(pend(plan, 5, 12));
    assertThat(versions.complete()).as("later ones go on").containsExactly(1L);
  }

  @Test
  void damagedPendingFilesAreRefused() throws Exception {
    PendingVersion version = pend(plan, 4, 10);
    Files.writeString(
        plan.pendingFiles().resolve(version.directory()).resolve(Manifest.MODEL), "{}");

    assertThat(commit(version).outcome).startsWith("failed").contains(Manifest.MODEL);
    assertThat(versions.complete()).isEmpty();
  }

  @Test
  void r17TheSameIdentityWithOtherFilesIsRefused() throws Exception {
    commit(pend(plan, 4, 10));
    assertThat(commit(pend(plan, 4, 11)).outcome).startsWith("failed").contains("other files");
    assertThat(versions.complete()).containsExactly(1L);
    assertThat(weights(1)).containsExactly(TestPlan.vector(10));
  }

  @Test
  void anUnreadableVersionIsPassedOverAndItsNumberIsNotReused() throws Exception {
    Files.writeString(Files.createDirectories(versions.path(7)).resolve(Manifest.FILE), "no JSON");
    commit(pend(plan, 4, 10));
    assertThat(versions.newest()).hasValue(8);
  }

  @Test
  void twoRunsThatPublishAtOnceNeverShareANumber() throws Exception {
    ExecutorService runs = Executors.newFixedThreadPool(4);
    List<Future<Void>> results = new ArrayList<>();
    for (int run = 0; run < 4; run++) {
      PublishingPlan own = TestPlan.plan(directory, "run-" + run);
      results.add(
          runs.submit(
              () -> {
                for (long checkpoint = 1; checkpoint <= 10; checkpoint++) {
                  committer(Retention.DEFAULT)
                      .commit(List.of(new Request(pend(own, checkpoint, checkpoint))));
                }
                return null;
              }));
    }
    for (Future<Void> result : results) {
      result.get();
    }
    runs.shutdown();
    assertThat(versions.complete()).hasSize(40);
    assertThat(versions.newest()).hasValue(40);
  }

  @Test
  void i4AReaderNeverSeesAnythingIncomplete() throws Exception {
    AtomicBoolean done = new AtomicBoolean();
    ExecutorService reader = Executors.newSingleThreadExecutor();
    Future<Integer> looks =
        reader.submit(
            () -> {
              int seen = 0;
              while (!done.get()) {
                for (long version : versions.complete()) {
                  versions.manifest(version).verify(versions.path(version));
                  seen++;
                }
              }
              return seen;
            });
    for (long checkpoint = 1; checkpoint <= 25; checkpoint++) {
      commit(pend(plan, checkpoint, checkpoint));
    }
    done.set(true);
    assertThat(looks.get()).isPositive();
    reader.shutdown();
  }

  @Test
  void onlyTheNewestVersionsAreKeptWhenSo() throws Exception {
    VersionCommitter committer = committer(Retention.keeping(2));
    for (long checkpoint = 1; checkpoint <= 4; checkpoint++) {
      committer.commit(List.of(new Request(pend(plan, checkpoint, checkpoint))));
    }
    assertThat(versions.numbered()).containsExactly(3L, 4L);
    assertThat(versions.next()).isEqualTo(5);
  }

  @Test
  void whatIsPinnedLabelledOrHeldStaysHoweverOldAndSoDoesTheYoung() throws Exception {
    VersionCommitter all = committer(Retention.DEFAULT);
    for (long checkpoint = 1; checkpoint <= 6; checkpoint++) {
      all.commit(List.of(new Request(pend(plan, checkpoint, checkpoint))));
    }
    Releases.update(versions, now -> now.withPin(1).withLabel("stable", 2).withHold(4));
    Instant created = versions.manifest(5).created();

    new Retention(1, Duration.ofHours(1), Duration.ofDays(7))
        .deleteOldVersions(versions, created.plus(Duration.ofMinutes(30)));
    assertThat(versions.numbered()).as("younger than an hour").hasSize(6);
    try (ReleaseLock deciding = ReleaseLock.acquire(versions)) {
      Retention.keeping(1).deleteOldVersions(deciding.versions(), created);
      assertThat(versions.numbered()).as("while somebody decides").hasSize(6);
    }
    Retention.keeping(1).deleteOldVersions(versions, created);
    assertThat(versions.numbered()).containsExactly(1L, 2L, 4L, 6L);

    Releases.update(versions, now -> Releases.NONE);
    Retention.keeping(1).deleteOldVersions(versions, created);
    assertThat(versions.numbered()).containsExactly(6L);
  }

  @Test
  void decisionsThatCanNotBeReadKeepEveryVersion() throws Exception {
    commit(pend(plan, 1, 1));
    Files.writeString(versions.root().resolve(Releases.FILE), "{");
    VersionCommitter committer = committer(Retention.keeping(1));
    committer.commit(List.of(new Request(pend(plan, 2, 2))));
    assertThat(versions.complete()).containsExactly(1L, 2L);

    Files.delete(versions.root().resolve(Releases.FILE));
    Files.createDirectory(versions.root().resolve(Releases.FILE)); // no file that can be read
    committer.commit(List.of(new Request(pend(plan, 3, 3))));
    assertThat(versions.complete()).containsExactly(1L, 2L, 3L);
  }

  @Test
  void r17ClearingUpSparesPendingVersionsForAsLongAsASavepointMayNeedThem() throws Exception {
    Path staged = plan.pendingFiles().resolve(Staging.stage(plan, 3, 9, 0).file());
    Path fresh = plan.pendingFiles().resolve(pend(plan, 3, 9).directory());
    Path old = plan.pendingFiles().resolve(pend(plan, 2, 8).directory());
    Files.setLastModifiedTime(staged, FileTime.from(Instant.now().minus(Duration.ofHours(2))));
    Files.setLastModifiedTime(fresh, FileTime.from(Instant.now().minus(Duration.ofDays(6))));
    Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(Duration.ofDays(8))));

    commit(pend(plan, 4, 10));

    assertThat(staged).doesNotExist();
    assertThat(fresh).exists();
    assertThat(old).doesNotExist();
  }

  private float[] weights(long version) throws IOException {
    SafeTensors.Contents weights =
        SafeTensors.read(versions.path(version).resolve(Manifest.WEIGHTS));
    float[] vector = new float[plan.size()];
    for (PublishedTensor tensor : plan.tensors()) {
      System.arraycopy(
          weights.tensor(tensor.name()).toFloats(), 0, vector, tensor.offset(), tensor.size());
    }
    return vector;
  }

  /** Commits as a committer does that knows nothing of earlier commits. */
  private Request commit(PendingVersion version) throws Exception {
    Request request = new Request(version);
    committer(Retention.DEFAULT).commit(List.of(request));
    return request;
  }

  private VersionCommitter committer(Retention retention) {
    Announcer announcer =
        new Announcer() {
          @Override
          public void announce(Manifest version) {
            synchronized (announced) {
              announced.add(version.version());
            }
          }

          @Override
          public void close() {}
        };
    return new VersionCommitter(versions, retention, announcer, null, Clock.systemUTC());
  }
}
