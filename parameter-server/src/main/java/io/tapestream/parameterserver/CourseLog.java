package io.tapestream.parameterserver;

import io.tapestream.files.Course;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A {@link Course} as it is written: 24 bytes for each run and each gap, and nothing for a batch
 * that goes on with the run before it. No more than {@link #MOST} runs are kept, of all virtual
 * workers together: where the time decides often, on quiet topics with batches that linger, a log
 * would grow for ever, in every checkpoint and every version. The last run then stands for all that
 * follow.
 */
final class CourseLog {

  /** Runs of all virtual workers: 24 MiB. */
  static final int MOST = 1 << 20;

  private static final int FIELDS = 3;

  private long[] runs = new long[FIELDS]; // batch, round, examples …
  private int runFields;
  private long[] gaps = {}; // batch, from, to …

  /**
   * Notes that a batch of so many examples counts in a round.
   *
   * @param most runs to be kept, 2 or more
   */
  void add(long batch, long round, long examples, int most) {
    if (runFields > 0) {
      if (runs[runFields - 1] == Course.Run.UNTOLD) {
        return;
      }
      long firstBatch = runs[runFields - 3];
      long firstRound = runs[runFields - 2];
      if (round - firstRound == batch - firstBatch && examples == runs[runFields - 1]) {
        return;
      }
    }
    if (runFields == runs.length) {
      runs = Arrays.copyOf(runs, 2 * runFields);
    }
    runs[runFields++] = batch;
    runs[runFields++] = round;
    boolean last = runFields > FIELDS * (most - 1);
    runs[runFields++] = last ? Course.Run.UNTOLD : examples;
  }

  /** Notes that records are missing before a batch. */
  void lose(long batch, long from, long to) {
    int fields = gaps.length;
    gaps = Arrays.copyOf(gaps, fields + FIELDS);
    gaps[fields] = batch;
    gaps[fields + 1] = from;
    gaps[fields + 2] = to;
  }

  /**
   * What is written, up to a batch.
   *
   * @param batches those that it tells of
   * @param rounds in which the batch after them may count at the earliest
   * @param firstRound the round that the course counts as 0
   */
  Course course(long batches, long rounds, boolean left, long firstRound) {
    List<Course.Run> told = new ArrayList<>();
    for (int i = 0; i < runFields && runs[i] < batches; i += FIELDS) {
      told.add(new Course.Run(runs[i], runs[i + 1] - firstRound, runs[i + 2]));
    }
    List<Course.Gap> lost = new ArrayList<>();
    for (int i = 0; i < gaps.length && gaps[i] < batches; i += FIELDS) {
      lost.add(new Course.Gap(gaps[i], gaps[i + 1], gaps[i + 2]));
    }
    return new Course(batches, rounds - firstRound, left, told, lost);
  }

  CourseLog copy() {
    CourseLog copy = new CourseLog();
    copy.runs = runs.clone();
    copy.runFields = runFields;
    copy.gaps = gaps; // replaced and never written to
    return copy;
  }

  void write(DataOutput out) throws IOException {
    Payload.writeLongs(out, Arrays.copyOf(runs, runFields));
    Payload.writeLongs(out, gaps);
  }

  static CourseLog read(DataInput in) throws IOException {
    CourseLog log = new CourseLog();
    long[] runs = Payload.readLongs(in);
    log.runs = runs.length == 0 ? log.runs : runs;
    log.runFields = runs.length;
    log.gaps = Payload.readLongs(in);
    return log;
  }
}
