package io.tapestream.files;

import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.io.Serializable;
import java.util.List;

/**
 * How the batches of one partition went through the rounds: in which round each counted, and how
 * many examples it had. The decisions that depend on the time are in it: a round let pass, a batch
 * that left before it was full, a partition that joined later.
 *
 * <pre>
 *   batch      0   1   2   3   4   5   6
 *   round      0   1   4   5   6   7   8        rounds 2 and 3 passed without this partition
 *   examples  32  32  32  32   9  32  32        batch 4 left early
 *
 *   runs      [0, 0, 32], [2, 4, 32], [4, 6, 9], [5, 7, 32]      batches 7, rounds 9
 * </pre>
 *
 * @param batches batches that it tells of
 * @param rounds in which the batch after them may count at the earliest
 * @param left whether the partition had reached its end after them
 * @param runs batches that followed each other in successive rounds with equally many examples
 * @param lost records that nobody learned from, because the topic no longer held them
 */
public record Course(long batches, long rounds, boolean left, List<Run> runs, List<Gap> lost)
    implements Serializable {

  /**
   * Batches from {@code batch} up to the next run's; or, as the last one, all that follow without
   * being told of, because there were too many runs to be kept.
   *
   * @param batch the first one's index
   * @param round in which the first one counted, and each after it in the next
   * @param examples raw examples in each, or {@link #UNTOLD}
   */
  @JsonFormat(shape = JsonFormat.Shape.ARRAY)
  @JsonPropertyOrder({"batch", "round", "examples"})
  public record Run(long batch, long round, long examples) implements Serializable {

    /**
     * In place of the examples: neither they nor the rounds of the batches from here on are told.
     */
    public static final long UNTOLD = -1;
  }

  /**
   * Records that are missing between two batches.
   *
   * @param batch the index of the batch after the gap
   * @param from the first offset that is missing
   * @param to the first offset after them
   */
  @JsonFormat(shape = JsonFormat.Shape.ARRAY)
  @JsonPropertyOrder({"batch", "from", "to"})
  public record Gap(long batch, long from, long to) implements Serializable {}

  /** Refuses runs that do not follow each other, or do not tell of all batches. */
  public Course {
    runs = List.copyOf(runs);
    lost = List.copyOf(lost);
    long batch = 0;
    long round = 0;
    for (int i = 0; i < runs.size(); i++) {
      Run run = runs.get(i);
      boolean follows = i == 0 ? run.batch >= 0 : run.batch > batch;
      boolean told = run.examples >= 0 || (i == runs.size() - 1 && run.examples == Run.UNTOLD);
      if (!follows || run.round < round + (run.batch - batch) || !told) {
        throw new IllegalArgumentException(
            "run [%d, %d, %d] can't follow batch %d in round %d"
                .formatted(run.batch, run.round, run.examples, batch, round));
      }
      batch = run.batch;
      round = run.round;
    }
    if (runs.isEmpty() ? batches != 0 : batch >= batches || rounds < round + (batches - batch)) {
      throw new IllegalArgumentException(
          "%d batches in %d rounds do not end the runs %s".formatted(batches, rounds, runs));
    }
  }

  /** The course of a partition that took no part in so many rounds. */
  public static Course absent(long rounds) {
    return new Course(0, rounds, false, List.of(), List.of());
  }

  /** The batches that it tells of one by one; all, unless there were too many runs to be kept. */
  public long told() {
    Run last = runs.isEmpty() ? null : runs.get(runs.size() - 1);
    return last != null && last.examples == Run.UNTOLD ? last.batch : batches;
  }

  /** The round in which a batch counted, or may count at the earliest if it is not told of. */
  public long roundOf(long batch) {
    if (batch >= batches) {
      return rounds + (batch - batches);
    }
    Run run = runOf(batch);
    return run.round + (batch - run.batch);
  }

  /** The raw examples of a batch that is told of. */
  public int examplesOf(long batch) {
    if (batch >= told() && batch < batches) {
      throw new IllegalArgumentException("batch " + batch + " is not told of");
    }
    return Math.toIntExact(runOf(batch).examples);
  }

  private Run runOf(long batch) {
    if (batch < 0 || batch >= batches) {
      throw new IllegalArgumentException("batch " + batch + " is not one of " + batches);
    }
    int low = 0;
    for (int high = runs.size(); high - low > 1; ) {
      int middle = (low + high) >>> 1;
      if (runs.get(middle).batch <= batch) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return runs.get(low);
  }

  /**
   * Whether any run over the same records goes so: every batch full and in the round of its index,
   * save the last one of a partition that has ended.
   */
  public boolean isPlain(int batchSize) {
    if (!lost.isEmpty() || told() < batches || (rounds != batches && !left)) {
      return false;
    }
    for (Run run : runs) {
      boolean rest = left && run.batch == batches - 1 && run.examples <= batchSize;
      if (run.round != run.batch || (run.examples != batchSize && !rest)) {
        return false;
      }
    }
    return true;
  }
}
