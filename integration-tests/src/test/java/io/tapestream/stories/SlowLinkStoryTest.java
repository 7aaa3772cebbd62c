package io.tapestream.stories;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.benchmarks.chaos.CutLink;
import io.tapestream.benchmarks.chaos.Workload;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What travels between two task managers goes over a slow link that is cut for 3 s. {@code
 * benchmarks/run chaos --only link} is the same with 60 s; so is this with {@code
 * -Dtapestream.cut.seconds=60}.
 */
class SlowLinkStoryTest {
  private static final Duration CUT =
      Duration.ofSeconds(Integer.getInteger("tapestream.cut.seconds", 3));

  @RegisterExtension static final Broker BROKER = new Broker();
  private static CutLink link;

  @TempDir static Path cluster;
  @TempDir Path directory;

  @BeforeAll
  static void startClusterBehindLinks() throws Exception {
    link = CutLink.start(cluster, BROKER.kafka().bootstrapServers());
  }

  @AfterAll
  static void stopAll() throws Exception {
    if (link != null) {
      link.close();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "LEDGER, synchronous, hashmap, 15",
    "LEDGER, bounded(2), rocksdb, 15",
    "LEDGER, asynchronous, hashmap, 60",
    "LENET, synchronous, rocksdb, 3",
    "LENET, bounded(2), hashmap, 4"
  })
  void training_goes_on_after_a_slow_link_was_cut_and_each_record_counts_once_I1_I3(
      Workload workload, String consistency, String backend, int rounds) throws Exception {
    CutLink.Case what = CutLink.Case.of(workload, consistency, backend, rounds);
    List<String> steps = new ArrayList<>();
    assertThat(link.run(what, CUT, directory, steps::add).problem()).as("%s", steps).isEmpty();
  }
}
