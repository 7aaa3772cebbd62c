package io.tapestream.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.tapestream.files.FileEntry;
import io.tapestream.files.Lineage;
import io.tapestream.files.Lineage.Abandoned;
import io.tapestream.files.Manifest;
import io.tapestream.files.Signature;
import io.tapestream.files.VersionDirectory;
import io.tapestream.layers.Dense;
import io.tapestream.models.Model;
import io.tapestream.models.Sequential;
import io.tapestream.operators.InputSettings;
import io.tapestream.operators.KafkaSettings;
import io.tapestream.operators.ModelSettings;
import io.tapestream.operators.OffsetPolicy;
import io.tapestream.operators.PublishSettings;
import io.tapestream.operators.RecordFormat;
import io.tapestream.operators.ServerSettings;
import io.tapestream.operators.SourceSettings;
import io.tapestream.operators.StartVersion;
import io.tapestream.operators.TrainingSettings;
import io.tapestream.operators.VirtualWorkers;
import io.tapestream.operators.server.TrainingStoppedException;
import io.tapestream.parameterserver.BlockLayout;
import io.tapestream.parameterserver.consistency.Synchronous;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.flink.util.SerializedThrowable;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResumptionTest {
  private static final TopicPartition P0 = new TopicPartition("clicks", 0);
  private static final TopicPartition P1 = new TopicPartition("clicks", 1);
  private static final OffsetPolicy BEGAN = new OffsetPolicy.Explicit(Map.of(P0, 100L, P1, 200L));

  @TempDir private Path directory;
  private VersionDirectory versions;

  @BeforeEach
  void noVersionsYet() {
    versions = new VersionDirectory(directory, "clicks");
  }

  @Test
  void trainingGoesOnFromTheNewestVersionOnWhichABatchHasCounted() throws Exception {
    publish(1, "other", 3, Map.of(0, 900L, 1, 900L));
    publish(2, "run", 4, Map.of(0, 140L, 1, 240L));
    publish(3, "run", 6, Map.of(0, 160L, 1, 260L));
    publish(4, "run", 7, Map.of(0, 170L, 1, 270L));

    Resumption resumption = after(stopped(BEGAN), 6, 190, 285);

    assertThat(resumption.version().version()).isEqualTo(3);
    TrainingSettings settings = resumption.submission().settings();
    assertThat(settings.model().start())
        .isEqualTo(new StartVersion(versions.path(3).toString(), 6, 600));
    assertThat(settings.source().starting())
        .isEqualTo(new OffsetPolicy.Explicit(Map.of(P0, 190L, P1, 285L)));
    assertThat(settings.publish().runId()).isNotEqualTo("run");
    assertThat(settings.publish().lineage())
        .isEqualTo(
            new Lineage(
                new Lineage.Start("clicks", 3, "run"),
                List.of(
                    new Abandoned("clicks", 0, 160, 190), new Abandoned("clicks", 1, 260, 285))));
    assertThat(resumption)
        .hasToString(
            "Going on from version 3 (round 6); abandoned: clicks-0 offsets 160..189, clicks-1"
                + " offsets 260..284.");
  }

  @Test
  void aPartitionThatNothingWasLearnedFromIsPassedOverFromWhereItBegan() throws Exception {
    publish(1, "run", 1, Map.of(0, 140L));

    Resumption resumption = after(stopped(BEGAN), 2, 150, 210);

    assertThat(resumption.abandoned())
        .containsExactly(
            new Abandoned("clicks", 0, 140, 150), new Abandoned("clicks", 1, 200, 210));
  }

  @Test
  void aPartitionThatNothingWasTakenFromBeginsWhereItDid() throws Exception {
    publish(1, "run", 1, Map.of(0, 140L));

    Resumption resumption = after(stopped(BEGAN), 2, 140, -1);

    assertThat(resumption.abandoned()).isEmpty();
    assertThat(resumption.submission().settings().source().starting())
        .isEqualTo(new OffsetPolicy.Explicit(Map.of(P0, 140L, P1, 200L)));
    assertThat(resumption).asString().endsWith("abandoned: nothing.");
  }

  @Test
  void aResumedJobThatStopsBeforeItHasAGoodVersionOfItsOwnGoesBackToWhereItBegan()
      throws Exception {
    publish(3, "run", 6, Map.of(0, 160L, 1, 260L));
    Submission second = after(stopped(BEGAN), 6, 190, 285).submission();

    Resumption third = after(second, 6, 230, 285);

    assertThat(third.version().version()).isEqualTo(3);
    TrainingSettings settings = third.submission().settings();
    assertThat(settings.model().start()).isEqualTo(second.settings().model().start());
    assertThat(settings.publish().lineage().abandoned())
        .containsExactly(
            new Abandoned("clicks", 0, 160, 190),
            new Abandoned("clicks", 1, 260, 285),
            new Abandoned("clicks", 0, 190, 230));
  }

  @Test
  void nothingIsResumedWithoutAGoodVersionOrAfterAnotherFailure() throws Exception {
    publish(1, "run", 5, Map.of(0, 140L, 1, 240L));

    assertThat(Resumption.after(failure(4, 150, 250), stopped(BEGAN), versions)).isEmpty();
    JobFailedException other =
        JobFailedException.of("clicks", new ExecutionException(new IOException("disk full")));
    assertThat(Resumption.after(other, stopped(BEGAN), versions)).isEmpty();
  }

  @Test
  void whereAPartitionBeganAtTheLatestRecordIsNotGuessed() throws Exception {
    publish(1, "run", 1, Map.of(0, 140L));
    Submission latest = stopped(new OffsetPolicy.Latest());

    assertThatThrownBy(() -> after(latest, 2, 150, -1))
        .isInstanceOf(SubmissionException.class)
        .hasMessageContaining("clicks-1")
        .hasMessageContaining("go on from the newest checkpoint");
  }

  private Resumption after(Submission stopped, long provenRound, long... received)
      throws Exception {
    return Resumption.after(failure(provenRound, received), stopped, versions).orElseThrow();
  }

  /** As it comes from a cluster: serialized, below what Flink says around it. */
  private static JobFailedException failure(long provenRound, long... received) {
    Throwable stop =
        new TrainingStoppedException(3, List.of("clicks-0", "clicks-1"), received, provenRound);
    return JobFailedException.of(
        "clicks",
        new ExecutionException(
            new SerializedThrowable(new IllegalStateException("while confirming", stop))));
  }

  private Submission stopped(OffsetPolicy starting) {
    TrainingSettings settings =
        new TrainingSettings(
            new ModelSettings("clicks", "{}", "{}", "{}", List.of(), 1, 1, 1),
            new InputSettings(RecordFormat.AVRO, List.of("x"), List.of(1), 1),
            new SourceSettings(
                new KafkaSettings("localhost:1", Map.of()),
                VirtualWorkers.of(List.of(P0, P1), Map.of("clicks", "id")),
                8,
                starting,
                new OffsetPolicy.Unbounded(),
                null),
            new ServerSettings(new Synchronous(), BlockLayout.ofElements(2, 2, 2)),
            new PublishSettings(directory.toString(), "run", 1, List.of(), null),
            null);
    Model unused = Sequential.of(new Dense(1));
    return new Submission(settings, unused, List.of());
  }

  private void publish(long version, String run, long round, Map<Integer, Long> learned)
      throws IOException {
    Path path = Files.createDirectories(versions.path(version));
    Path weights = Files.writeString(path.resolve(Manifest.WEIGHTS), "weights");
    Manifest manifest =
        new Manifest(
            Manifest.FORMAT,
            "clicks",
            version,
            run,
            "job",
            version,
            Instant.EPOCH,
            round,
            100 * round,
            Map.of(),
            Map.of("clicks", learned),
            Lineage.NONE,
            new Signature(List.of("x"), List.of(1), "float32", List.of()),
            JsonNodeFactory.instance.objectNode(),
            "test",
            List.of(FileEntry.of(weights)));
    Files.writeString(path.resolve(Manifest.FILE), manifest.toJson());
  }
}
