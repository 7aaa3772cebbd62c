package io.tapestream.parameterserver;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.files.Course;
import io.tapestream.files.Course.Run;
import org.junit.jupiter.api.Test;

class CourseLogTest {

  @Test
  void theLastRunThatIsKeptStandsForAllThatFollow() {
    CourseLog log = new CourseLog();
    long[] examples = {8, 8, 3, 5, 5, 8, 8, 2};
    for (int batch = 0; batch < examples.length; batch++) {
      log.add(batch, batch, examples[batch], 3);
    }

    Course course = log.course(8, 8, false, 0);

    assertThat(course.runs())
        .containsExactly(new Run(0, 0, 8), new Run(2, 2, 3), new Run(3, 3, Run.UNTOLD));
    assertThat(course.told()).isEqualTo(3);
    assertThat(log.course(3, 3, false, 0).told()).as("an earlier cut is whole").isEqualTo(3);
  }

  @Test
  void aLogThatGoesOnForYearsStaysSmallThroughRestarts() {
    CourseLog log = new CourseLog();
    for (int batch = 0; batch < 3_000; batch++) {
      log.add(batch, 2L * batch, batch % 7, 1_000);
      if (batch % 100 == 0) {
        log = Formats.read(CourseLog::read, Formats.bytes((out, l) -> l.write(out), log));
      }
    }
    assertThat(log.course(3_000, 6_000, false, 0).runs()).hasSize(1_000);
  }

  @Test
  void aCourseWithoutDecisionsIsOneRunHoweverLongItIs() {
    CourseLog log = new CourseLog();
    for (int batch = 0; batch < 10_000; batch++) {
      log.add(batch, batch, 32, 2);
    }
    assertThat(log.course(10_000, 10_000, false, 0).isPlain(32)).isTrue();
  }
}
