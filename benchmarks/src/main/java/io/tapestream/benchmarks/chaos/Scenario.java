package io.tapestream.benchmarks.chaos;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * One run and what is to happen to it.
 *
 * @param workload what is learned
 * @param consistency as the job's file names it
 * @param backend of the state, as the job's file names it
 * @param records in all; a multiple of the partitions
 * @param taskManagers kills of one
 * @param jobManagers kills of one
 * @param brokers kills of one
 * @param parallelism trainers and shards, from the start and after each rescale
 * @param seed of the order of faults, their victims and their moments
 */
public record Scenario(
    Workload workload,
    String consistency,
    String backend,
    int records,
    int taskManagers,
    int jobManagers,
    int brokers,
    List<Parallelism> parallelism,
    long seed) {

  static final int PARTITIONS = 4;
  static final int BATCH = 8;

  /**
   * Of one part of the run.
   *
   * @param trainers subtasks that read and train
   * @param shards subtasks of the parameter server
   */
  public record Parallelism(int trainers, int shards) {}

  public Scenario {
    parallelism = List.copyOf(parallelism);
    if (records % PARTITIONS != 0 || parallelism.isEmpty()) {
      throw new IllegalArgumentException(
          "records are a multiple of " + PARTITIONS + ", and there is a first parallelism");
    }
  }

  /** Every kill and rescale; trainers 2→4→3 and shards 2→3→1. */
  public static Scenario full(Workload workload, String consistency, String backend, long seed) {
    return new Scenario(
        workload,
        consistency,
        backend,
        200_000,
        20,
        3,
        3,
        List.of(new Parallelism(2, 2), new Parallelism(4, 3), new Parallelism(3, 1)),
        seed);
  }

  /** The same with fewer records and kills, and the broker spared. */
  public static Scenario bounded(Workload workload, String consistency, String backend, long seed) {
    return new Scenario(
        workload,
        consistency,
        backend,
        20_000,
        3,
        1,
        0,
        List.of(new Parallelism(2, 2), new Parallelism(4, 3)),
        seed);
  }

  boolean isSynchronous() {
    return consistency.equals("synchronous");
  }

  /** The most task slots that it ever takes. */
  int slots() {
    return parallelism.stream().mapToInt(p -> Math.max(p.trainers(), p.shards())).max().orElse(1);
  }

  /** The faults in their order, the rescales evenly among the kills. */
  List<Fault> faults() {
    List<Fault> kills = new ArrayList<>();
    kills.addAll(Collections.nCopies(taskManagers, Fault.TASK_MANAGER));
    kills.addAll(Collections.nCopies(jobManagers, Fault.JOB_MANAGER));
    kills.addAll(Collections.nCopies(brokers, Fault.BROKER));
    Collections.shuffle(kills, new Random(seed));
    int rescales = parallelism.size() - 1;
    for (int i = rescales; i >= 1; i--) {
      kills.add(kills.size() * i / (rescales + 1), Fault.RESCALE);
    }
    return kills;
  }

  /** Records in each of the parts of the run that end with a fault, and in the last. */
  int recordsPerFault() {
    return records / PARTITIONS / (faults().size() + 1) * PARTITIONS;
  }
}
