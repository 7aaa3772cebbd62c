package io.tapestream.operators.source;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.files.Course;
import io.tapestream.files.RecordedSchedule;
import io.tapestream.operators.SourcePolicies;
import io.tapestream.parameterserver.Block;
import io.tapestream.parameterserver.consistency.Asynchronous;
import io.tapestream.parameterserver.consistency.Bounded;
import io.tapestream.parameterserver.consistency.Consistency;
import io.tapestream.parameterserver.consistency.Synchronous;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class PolicySimulationTest {
  private static final int SEEDS = 300;
  private static final int[] RECORDS = {61, 30, 7, 0};
  private static final double SOMETIMES = 0.15;

  private static final SourcePolicies POLICIES =
      new SourcePolicies(null, Duration.ofNanos(60), Duration.ofNanos(25), null, false, false);

  @Test
  void i2AReplayOfWhatTheTimeDecidedGivesTheSameBitsHoweverLongThingsTake() {
    int skipped = 0;
    int early = 0;
    for (long seed = 0; seed < SEEDS; seed++) {
      Block live = run(seed, new Synchronous(), POLICIES, SOMETIMES);
      SourcePolicies replay = SourcePolicies.DEFAULT.replaying(schedule(live.courses()));

      Block again = run(seed + SEEDS, new Synchronous(), replay, 1);

      assertThat(again.values()).as("seed %d", seed).isEqualTo(live.values());
      for (int vw = 0; vw < RECORDS.length; vw++) {
        assertThat(again.courses().get(vw).runs())
            .as("seed %d, vw %d", seed, vw)
            .isEqualTo(live.courses().get(vw).runs());
      }
      for (Course course : live.courses()) {
        skipped += course.runs().stream().anyMatch(run -> run.round() > run.batch()) ? 1 : 0;
        early +=
            course.runs().stream().anyMatch(run -> run.examples() < PolicySimulation.BATCH) ? 1 : 0;
      }
    }
    assertThat(skipped).as("rounds were let pass").isGreaterThan(SEEDS);
    assertThat(early).as("batches left early").isGreaterThan(SEEDS);
  }

  @Test
  void i2AReplayOfARunThatAPartitionHasJoinedGivesTheSameBits() {
    int later = 23;
    int[] records = Arrays.copyOf(RECORDS, RECORDS.length + 1);
    records[RECORDS.length] = later;
    for (long seed = 0; seed < SEEDS; seed++) {
      Block live =
          new PolicySimulation(seed, new Synchronous(), POLICIES, RECORDS)
              .joinedBy(later)
              .run(SOMETIMES);
      SourcePolicies replay = SourcePolicies.DEFAULT.replaying(schedule(live.courses()));

      Block again = new PolicySimulation(seed + SEEDS, new Synchronous(), replay, records).run(1);

      assertThat(live.courses().get(RECORDS.length).runs().get(0).round())
          .as("seed %d, the round of the join", seed)
          .isPositive();
      assertThat(again.values()).as("seed %d", seed).isEqualTo(live.values());
      assertThat(again.courses())
          .extracting(Course::runs)
          .as("seed %d", seed)
          .isEqualTo(live.courses().stream().map(Course::runs).toList());
    }
  }

  @Test
  void i1EveryRecordCountsOnceInEachConsistencyAndNothingComesToAHalt() {
    for (Consistency consistency : List.of(new Synchronous(), new Bounded(2), new Asynchronous())) {
      for (long seed = 0; seed < SEEDS; seed++) {
        Block block = run(seed, consistency, POLICIES, SOMETIMES);
        assertThat(block.records()).as("%s, seed %d", consistency, seed).isEqualTo(98);
      }
    }
  }

  @Test
  void r5NoTwoRoundsInARowCloseWithoutABatch() {
    for (long seed = 0; seed < SEEDS; seed++) {
      List<Course> courses = run(seed, new Synchronous(), POLICIES, SOMETIMES).courses();
      TreeSet<Long> busy = new TreeSet<>();
      for (Course course : courses) {
        for (long batch = 0; batch < course.batches(); batch++) {
          busy.add(course.roundOf(batch));
        }
      }
      long before = -1;
      for (long round : busy) {
        assertThat(round - before).as("seed %d, before round %d", seed, round).isLessThan(3);
        before = round;
      }
    }
  }

  private static Block run(
      long seed, Consistency consistency, SourcePolicies policies, double chance) {
    return new PolicySimulation(seed, consistency, policies, RECORDS).run(chance);
  }

  private static RecordedSchedule schedule(List<Course> courses) {
    TreeMap<Integer, Course> byPartition = new TreeMap<>();
    for (int vw = 0; vw < courses.size(); vw++) {
      byPartition.put(vw, courses.get(vw));
    }
    long rounds = courses.stream().mapToLong(Course::rounds).max().orElse(0);
    return new RecordedSchedule(1, rounds, Map.of("clicks", byPartition));
  }
}
