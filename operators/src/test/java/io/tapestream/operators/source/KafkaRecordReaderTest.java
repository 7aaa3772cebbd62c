package io.tapestream.operators.source;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.operators.KafkaSettings;
import io.tapestream.operators.OffsetPolicy;
import io.tapestream.operators.SourceSettings;
import io.tapestream.operators.VirtualWorkers;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class KafkaRecordReaderTest {

  @Test
  void r6OffsetsAreNeverResetNorCommittedByTheConsumerWhateverTheUserSets() {
    var properties =
        KafkaRecordReader.consumerProperties(
            settings(
                "trainer",
                Map.of(
                    "auto.offset.reset", "latest",
                    "enable.auto.commit", "true",
                    "commit.offsets.on.checkpoint", "true")));

    assertThat(properties)
        .containsEntry("auto.offset.reset", "none")
        .containsEntry("enable.auto.commit", "false")
        .containsEntry("commit.offsets.on.checkpoint", "false");
  }

  @Test
  void r6OnlyCommittedTransactionsAreReadUnlessTheUserSaysOtherwise() {
    assertThat(KafkaRecordReader.consumerProperties(settings(null, Map.of())))
        .containsEntry("isolation.level", "read_committed")
        .doesNotContainKey("group.id");
    assertThat(
            KafkaRecordReader.consumerProperties(
                settings(null, Map.of("isolation.level", "read_uncommitted"))))
        .containsEntry("isolation.level", "read_uncommitted");
  }

  private static SourceSettings settings(String group, Map<String, String> properties) {
    return new SourceSettings(
        new KafkaSettings("localhost:1", properties),
        VirtualWorkers.of(List.of(new TopicPartition("t", 0)), Map.of("t", "id")),
        8,
        new OffsetPolicy.Earliest(),
        new OffsetPolicy.Unbounded(),
        group);
  }
}
