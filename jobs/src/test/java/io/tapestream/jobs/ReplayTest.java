package io.tapestream.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.tapestream.files.Course;
import io.tapestream.files.Course.Gap;
import io.tapestream.files.Course.Run;
import io.tapestream.files.FileEntry;
import io.tapestream.files.InvalidVersionException;
import io.tapestream.files.Lineage;
import io.tapestream.files.Manifest;
import io.tapestream.files.RecordedSchedule;
import io.tapestream.files.Signature;
import io.tapestream.layers.Dense;
import io.tapestream.models.Sequential;
import io.tapestream.operators.InputSettings;
import io.tapestream.operators.KafkaSettings;
import io.tapestream.operators.ModelSettings;
import io.tapestream.operators.OffsetPolicy;
import io.tapestream.operators.PublishSettings;
import io.tapestream.operators.RecordFormat;
import io.tapestream.operators.ServerSettings;
import io.tapestream.operators.SourcePolicies;
import io.tapestream.operators.SourceSettings;
import io.tapestream.operators.StartVersion;
import io.tapestream.operators.TrainingSettings;
import io.tapestream.operators.VirtualWorkers;
import io.tapestream.parameterserver.BlockLayout;
import io.tapestream.parameterserver.consistency.Synchronous;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReplayTest {
  private static final TopicPartition PARTITION = new TopicPartition("clicks", 0);
  private static final Course COURSE =
      new Course(3, 5, false, List.of(new Run(0, 0, 8), new Run(2, 4, 8)), List.of());

  @TempDir private Path version;

  @Test
  void theRecordOfAVersionDecidesForItsPartitions() throws Exception {
    publish(schedule(0, COURSE));

    SourcePolicies policies = submission().replaying(version).settings().source().policies();

    assertThat(policies.recorded(PARTITION)).isEqualTo(COURSE);
    assertThat(policies.skips()).isTrue();
    assertThat(submission().settings().source().policies().recorded(PARTITION)).isNull();
  }

  @Test
  void aVersionOfWhichRecordsAloneDecidedIsNoRecord() throws Exception {
    publish(null);
    assertThatThrownBy(() -> submission().replaying(version))
        .isInstanceOf(SubmissionException.class)
        .hasMessageContaining("has no schedule.json")
        .hasMessageContaining("without --replay");
  }

  @Test
  void aPartitionThatTheJobDoesNotReadIsNamed() throws Exception {
    publish(schedule(4, COURSE));
    assertThatThrownBy(() -> submission().replaying(version))
        .isInstanceOf(SubmissionException.class)
        .hasMessageContaining("trained on partition 4 of topic clicks");
  }

  @Test
  void aRunThatLostRecordsCanNotBeRepeated() throws Exception {
    Course lost = new Course(1, 1, false, List.of(new Run(0, 0, 8)), List.of(new Gap(0, 3, 9)));
    publish(schedule(0, lost));
    assertThatThrownBy(() -> submission().replaying(version))
        .isInstanceOf(SubmissionException.class)
        .hasMessageContaining("partition 0 of topic clicks had lost");
  }

  @Test
  void aRunThatIsNotToldOfToItsEndCanNotBeRepeated() throws Exception {
    Run rest = new Run(7, 9, Run.UNTOLD);
    publish(schedule(0, new Course(9, 20, false, List.of(new Run(0, 0, 8), rest), List.of())));
    assertThatThrownBy(() -> submission().replaying(version))
        .isInstanceOf(SubmissionException.class)
        .hasMessageContaining("those after batch 7 of partition 0 of topic clicks");
  }

  @Test
  void aDamagedRecordIsRefused() throws Exception {
    publish(schedule(0, COURSE));
    Files.writeString(version.resolve(RecordedSchedule.FILE), "{}");
    assertThatThrownBy(() -> submission().replaying(version))
        .isInstanceOf(InvalidVersionException.class)
        .hasMessageContaining("schedule.json");
  }

  @Test
  void aJobThatIsResumedWithOtherRecordsReplaysNothing() throws Exception {
    publish(schedule(0, COURSE));
    TrainingSettings replaying = submission().replaying(version).settings();

    TrainingSettings restored =
        replaying.resumed("next", null, replaying.source().starting(), Lineage.NONE);
    TrainingSettings resumed =
        replaying.resumed(
            "next",
            new StartVersion(version.toString(), 5, 24),
            new OffsetPolicy.Explicit(Map.of(PARTITION, 40L)),
            Lineage.NONE);

    assertThat(restored.source().policies().recorded(PARTITION)).isEqualTo(COURSE);
    assertThat(resumed.source().policies().recorded(PARTITION)).isNull();
  }

  private static RecordedSchedule schedule(int partition, Course course) {
    return new RecordedSchedule(1, 5, Map.of("clicks", Map.of(partition, course)));
  }

  private static Submission submission() {
    TrainingSettings settings =
        new TrainingSettings(
            new ModelSettings("clicks", "{}", "{}", "{}", List.of(), 1, 1, 1),
            new InputSettings(RecordFormat.AVRO, List.of("x"), List.of(1), 1),
            new SourceSettings(
                new KafkaSettings("localhost:1", Map.of()),
                VirtualWorkers.of(List.of(PARTITION), Map.of("clicks", "id")),
                8,
                new OffsetPolicy.Earliest(),
                new OffsetPolicy.Unbounded(),
                null),
            new ServerSettings(new Synchronous(), BlockLayout.ofElements(2, 2, 2)),
            new PublishSettings("unused", "run", 1, List.of(), null),
            null);
    return new Submission(settings, Sequential.of(new Dense(1)), List.of());
  }

  private void publish(@Nullable RecordedSchedule schedule) throws IOException {
    List<FileEntry> files = new ArrayList<>();
    files.add(FileEntry.of(Files.writeString(version.resolve(Manifest.WEIGHTS), "weights")));
    if (schedule != null) {
      Path file = version.resolve(RecordedSchedule.FILE);
      files.add(FileEntry.of(Files.writeString(file, schedule.toJson())));
    }
    Manifest manifest =
        new Manifest(
            Manifest.FORMAT,
            "clicks",
            7,
            "run",
            "job",
            4,
            Instant.EPOCH,
            5,
            24,
            Map.of(),
            Map.of("clicks", Map.of(0, 24L)),
            Lineage.NONE,
            new Signature(List.of("x"), List.of(1), "float32", List.of()),
            JsonNodeFactory.instance.objectNode(),
            "test",
            files);
    Files.writeString(version.resolve(Manifest.FILE), manifest.toJson());
  }
}
