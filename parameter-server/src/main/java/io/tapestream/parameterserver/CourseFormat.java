package io.tapestream.parameterserver;

import io.tapestream.files.Course;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;

/**
 * Courses in bytes.
 *
 * <pre>
 * int      number of courses, then for each:
 *            long     batches, rounds
 *            boolean  left
 *            longs    batch, round, examples of each run
 *            longs    batch, from, to of each gap
 * </pre>
 *
 * Arrays as in {@link Payload}.
 */
public final class CourseFormat {

  private CourseFormat() {}

  /** Writes courses. */
  public static void write(DataOutput out, List<Course> courses) throws IOException {
    out.writeInt(courses.size());
    for (Course course : courses) {
      out.writeLong(course.batches());
      out.writeLong(course.rounds());
      out.writeBoolean(course.left());
      Payload.writeLongs(
          out,
          course.runs().stream()
              .flatMapToLong(run -> LongStream.of(run.batch(), run.round(), run.examples()))
              .toArray());
      Payload.writeLongs(
          out,
          course.lost().stream()
              .flatMapToLong(gap -> LongStream.of(gap.batch(), gap.from(), gap.to()))
              .toArray());
    }
  }

  /** Reads courses. */
  public static List<Course> read(DataInput in) throws IOException {
    List<Course> courses = new ArrayList<>();
    for (int left = in.readInt(); left > 0; left--) {
      long batches = in.readLong();
      long rounds = in.readLong();
      boolean hasLeft = in.readBoolean();
      long[] runs = Payload.readLongs(in);
      List<Course.Run> told = new ArrayList<>();
      for (int i = 0; i < runs.length; i += 3) {
        told.add(new Course.Run(runs[i], runs[i + 1], runs[i + 2]));
      }
      long[] gaps = Payload.readLongs(in);
      List<Course.Gap> lost = new ArrayList<>();
      for (int i = 0; i < gaps.length; i += 3) {
        lost.add(new Course.Gap(gaps[i], gaps[i + 1], gaps[i + 2]));
      }
      courses.add(new Course(batches, rounds, hasLeft, told, lost));
    }
    return courses;
  }
}
