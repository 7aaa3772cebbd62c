package io.tapestream.operators.publish;

import static io.tapestream.operators.publish.Staging.pend;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.files.Manifest;
import io.tapestream.files.Releases;
import io.tapestream.files.VersionDirectory;
import io.tapestream.operators.publish.Staging.Request;
import io.tapestream.operators.storage.Storage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Where no directory can be renamed; {@code oss} passes for an object store, {@code it} has
 * renames.
 */
class ObjectStoreCommitTest {
  @TempDir Path local;
  private PublishingPlan plan;
  private VersionDirectory versions;

  @BeforeEach
  void plan() {
    use("oss");
  }

  private void use(String scheme) {
    plan = TestPlan.plan(Storage.path(scheme + "://" + local));
    versions = plan.versions();
  }

  @ParameterizedTest
  @ValueSource(strings = {"it", "oss"})
  void i4VersionsAreNumberedAndWholeAndNothingElseIsLeft(String scheme) throws Exception {
    use(scheme);
    PendingVersion first = pend(plan, 4, 10);
    assertThat(commit(first).outcome).isEqualTo("committed");
    assertThat(commit(pend(plan, 5, 12)).outcome).isEqualTo("committed");
    assertThat(commit(first).outcome).isEqualTo("already committed");

    assertThat(versions.complete()).containsExactly(1L, 2L);
    for (long version : versions.complete()) {
      versions.manifest(version).verify(versions.path(version));
    }
    try (var all = Files.walk(local.resolve(TestPlan.MODEL))) {
      assertThat(all.filter(Files::isRegularFile))
          .extracting(file -> file.getFileName().toString())
          .containsOnly(Manifest.FILE, Manifest.MODEL, Manifest.WEIGHTS);
    }
  }

  @Test
  void i4CutShortAfterItsClaimTheRepeatGoesOnUnderTheSameNumber() throws Exception {
    PendingVersion version = pend(plan, 4, 10);
    new Claims(versions).take(version.draft());
    assertThat(versions.complete()).isEmpty();

    assertThat(commit(version).outcome).isEqualTo("committed");

    assertThat(versions.numbered()).containsExactly(1L);
    versions.manifest(1).verify(versions.path(1));
  }

  @Test
  void i4CutShortBetweenItsFilesTheRepeatMovesTheRest() throws Exception {
    PendingVersion version = pend(plan, 4, 10);
    new Claims(versions).take(version.draft());
    Path pending = plan.pendingFiles().resolve(version.directory());
    Files.move(pending.resolve(Manifest.MODEL), versions.path(1).resolve(Manifest.MODEL));
    assertThat(versions.complete()).isEmpty();

    assertThat(commit(version).outcome).isEqualTo("committed");

    assertThat(versions.numbered()).containsExactly(1L);
    versions.manifest(1).verify(versions.path(1));
    assertThat(Files.exists(pending)).isFalse();
  }

  @Test
  void i4CutShortBeforeTheManifestTheRepeatWritesIt() throws Exception {
    PendingVersion version = pend(plan, 4, 10);
    Claims claims = new Claims(versions);
    claims.fill(
        claims.take(version.draft()),
        plan.pendingFiles().resolve(version.directory()),
        version.draft());
    assertThat(versions.complete()).isEmpty();

    assertThat(commit(version).outcome).isEqualTo("committed");

    assertThat(versions.numbered()).containsExactly(1L);
    versions.manifest(1).verify(versions.path(1));
  }

  @Test
  void anotherJobsClaimIsNotUsed() throws Exception {
    PendingVersion others = pend(TestPlan.plan(Storage.path("oss://" + local), "run-2"), 4, 20);
    new Claims(versions).take(others.draft());

    commit(pend(plan, 4, 10));
    assertThat(versions.complete()).containsExactly(2L);
    commit(others);

    assertThat(versions.manifest(1).run()).isEqualTo("run-2");
    assertThat(versions.manifest(2).run()).isEqualTo(TestPlan.RUN);
  }

  @Test
  void damagedFilesAreRefused() throws Exception {
    PendingVersion version = pend(plan, 4, 10);
    Path weights = plan.pendingFiles().resolve(version.directory()).resolve(Manifest.WEIGHTS);
    Files.write(weights, new byte[100]);
    assertThat(commit(version).outcome).startsWith("failed: ");
    assertThat(versions.numbered()).isEmpty();
  }

  @Test
  void aStoreThatFailsFailsTheCommitAndTheRepeatSucceeds() throws Exception {
    PendingVersion version = pend(plan, 4, 10);
    Path inTheWay = Files.createFile(local.resolve(TestPlan.MODEL).resolve("00000001"));
    assertThatThrownBy(() -> commit(version)).isInstanceOf(java.io.IOException.class);
    Files.delete(inTheWay);
    assertThat(commit(version).outcome).isEqualTo("committed");
    assertThat(versions.complete()).containsExactly(1L);
  }

  @Test
  void retentionKeepsWhatIsPinned() throws Exception {
    for (long checkpoint = 1; checkpoint <= 4; checkpoint++) {
      commit(pend(plan, checkpoint, 2 * checkpoint));
      if (checkpoint == 1) {
        Releases.update(versions, 1, releases -> releases.withPin(1));
      }
    }
    VersionCommitter keepsTwo =
        new VersionCommitter(
            versions, Retention.keeping(2), Announcer.SILENT, null, Clock.systemUTC());
    keepsTwo.commit(List.of(new Request(pend(plan, 5, 10))));
    assertThat(versions.numbered()).containsExactly(1L, 4L, 5L);
  }

  @Test
  void r17ClearingUpGoesByAPendingVersionsNewestFile() throws Exception {
    Path old = local(pend(plan, 4, 10));
    Path young = local(pend(plan, 5, 12));
    FileTime longAgo = FileTime.from(Instant.now().minus(Duration.ofDays(8)));
    Files.setLastModifiedTime(old.resolve(Manifest.MODEL), longAgo);
    Files.setLastModifiedTime(old.resolve(Manifest.WEIGHTS), longAgo);
    Files.setLastModifiedTime(young.resolve(Manifest.MODEL), longAgo);
    Files.setLastModifiedTime(young, longAgo);

    PendingFiles.clear(versions, Instant.now(), Duration.ofDays(7));

    assertThat(old).doesNotExist();
    assertThat(young).isNotEmptyDirectory();
  }

  private Path local(PendingVersion version) {
    return local.resolve(TestPlan.MODEL).resolve(version.directory());
  }

  private Request commit(PendingVersion version) throws Exception {
    Request request = new Request(version);
    new VersionCommitter(versions, Retention.DEFAULT, Announcer.SILENT, null, Clock.systemUTC())
        .commit(List.of(request));
    return request;
  }
}
