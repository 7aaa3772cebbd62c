package io.tapestream.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.files.Course.Gap;
import io.tapestream.files.Course.Run;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecordedScheduleTest {

  /** The example of {@link Course}'s documentation. */
  private static final Course COURSE =
      new Course(
          7,
          9,
          false,
          List.of(new Run(0, 0, 32), new Run(2, 4, 32), new Run(4, 6, 9), new Run(5, 7, 32)),
          List.of());

  @ParameterizedTest
  @CsvSource({"0, 0, 32", "1, 1, 32", "2, 4, 32", "3, 5, 32", "4, 6, 9", "5, 7, 32", "6, 8, 32"})
  void eachBatchIsFoundWithItsRoundAndItsExamples(long batch, long round, int examples) {
    assertThat(COURSE.roundOf(batch)).isEqualTo(round);
    assertThat(COURSE.examplesOf(batch)).isEqualTo(examples);
  }

  @Test
  void afterItsEndBatchesFollowEachOther() {
    assertThat(COURSE.roundOf(7)).isEqualTo(9);
    assertThat(COURSE.roundOf(10)).isEqualTo(12);
    assertThatThrownBy(() -> COURSE.examplesOf(7)).hasMessageContaining("batch 7 is not one of 7");
    assertThat(Course.absent(5).roundOf(0)).isEqualTo(5);
  }

  @Test
  void aCourseIsPlainIfRecordsAloneDecideIt() {
    List<Run> full = List.of(new Run(0, 0, 32));
    assertThat(new Course(0, 0, false, List.of(), List.of()).isPlain(32)).isTrue();
    assertThat(new Course(5, 5, false, full, List.of()).isPlain(32)).isTrue();
    assertThat(new Course(5, 5, false, full, List.of()).isPlain(16)).as("all early").isFalse();
    assertThat(new Course(5, 6, false, full, List.of()).isPlain(32)).as("one skipped").isFalse();
    assertThat(new Course(5, 5, false, full, List.of(new Gap(3, 9, 12))).isPlain(32)).isFalse();
    assertThat(COURSE.isPlain(32)).isFalse();
    List<Run> joined = List.of(new Run(0, 3, 32));
    assertThat(new Course(2, 5, false, joined, List.of()).isPlain(32)).isFalse();
  }

  @Test
  void theShortBatchOfAPartitionThatEndsIsNoDecision() {
    List<Run> rest = List.of(new Run(0, 0, 32), new Run(4, 4, 7));
    assertThat(new Course(5, 12, true, rest, List.of()).isPlain(32)).isTrue();
    assertThat(new Course(5, 5, false, rest, List.of()).isPlain(32)).as("it goes on").isFalse();
    assertThat(new Course(6, 6, true, rest, List.of()).isPlain(32)).as("two are short").isFalse();
  }

  @Test
  void whatWasTooMuchToBeKeptIsNotToldOf() throws Exception {
    Run rest = new Run(3, 5, Run.UNTOLD);
    Course cut = new Course(9, 20, false, List.of(new Run(0, 0, 32), rest), List.of());
    assertThat(cut.told()).isEqualTo(3);
    assertThat(cut.examplesOf(2)).isEqualTo(32);
    assertThatThrownBy(() -> cut.examplesOf(3)).hasMessageContaining("batch 3 is not told of");
    assertThat(COURSE.told()).isEqualTo(COURSE.batches());
    List<Run> untold = List.of(new Run(0, 0, 32), new Run(3, 3, Run.UNTOLD));
    assertThat(new Course(4, 4, true, untold, List.of()).isPlain(32)).as("who knows").isFalse();
    var schedule = new RecordedSchedule(1, 20, Map.of("images", Map.of(0, cut)));
    assertThat(RecordedSchedule.parse(schedule.toJson(), "here")).isEqualTo(schedule);
    List<Run> goesOn = List.of(rest, new Run(4, 9, 32));
    assertThatThrownBy(() -> new Course(9, 20, false, goesOn, List.of()))
        .hasMessageContaining("run [3, 5, -1]");
  }

  @Test
  void runsThatDoNotFollowEachOtherAreRefused() {
    List<Run> back = List.of(new Run(0, 4, 32), new Run(2, 5, 32));
    assertThatThrownBy(() -> new Course(3, 9, false, back, List.of()))
        .hasMessageContaining("run [2, 5, 32] can't follow batch 0 in round 4");
    assertThatThrownBy(() -> new Course(3, 2, false, List.of(new Run(0, 0, 32)), List.of()))
        .hasMessageContaining("3 batches in 2 rounds do not end the runs");
    assertThatThrownBy(() -> new Course(3, 3, false, List.of(), List.of()))
        .hasMessageContaining("do not end the runs");
  }

  @Test
  void aScheduleComesBackFromItsFile() throws InvalidVersionException {
    Course lost = new Course(1, 1, true, List.of(new Run(0, 0, 4)), List.of(new Gap(0, 10, 20)));
    var schedule = new RecordedSchedule(1, 9, Map.of("images", Map.of(1, lost, 0, COURSE)));

    String json = schedule.toJson();
    assertThat(json)
        .isEqualTo(
            "{\"format\":1,\"rounds\":9,\"topics\":{\"images\":{"
                + "\"0\":{\"batches\":7,\"rounds\":9,\"left\":false,"
                + "\"runs\":[[0,0,32],[2,4,32],[4,6,9],[5,7,32]],\"lost\":[]},"
                + "\"1\":{\"batches\":1,\"rounds\":1,\"left\":true,"
                + "\"runs\":[[0,0,4]],\"lost\":[[0,10,20]]}}}}");
    assertThat(RecordedSchedule.parse(json, "here")).isEqualTo(schedule);
    assertThat(schedule.course("images", 0)).isEqualTo(COURSE);
    assertThat(schedule.course("images", 2)).as("joined later").isEqualTo(Course.absent(9));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{} | here can't be used",
        "[1 | here can't be used",
        "{\"format\": 2, \"rounds\": 1, \"topics\": {}} | \"format\" is 2, this release reads 1",
        "{\"format\": 1, \"rounds\": 1, \"topics\": {\"a\": {\"0\": {\"batches\": 2, \"rounds\": 2,"
            + " \"left\": false, \"runs\": [[0, 0]], \"lost\": []}}}} | here can't be used",
      })
  void aDamagedScheduleIsRefused(String json, String message) {
    assertThatThrownBy(() -> RecordedSchedule.parse(json, "here"))
        .isInstanceOf(InvalidVersionException.class)
        .hasMessageContaining(message);
  }
}
