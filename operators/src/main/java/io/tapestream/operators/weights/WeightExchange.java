package io.tapestream.operators.weights;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * Where the trainer and the weight return of one subtask, co-located in one process, find their
 * common {@link WeightReplica}. Whoever comes first brings it; neither waits for the other, so
 * weights that arrive before the trainer has opened are not lost, and a weight return whose trainer
 * was restored as finished just keeps them.
 *
 * <p>Both ends {@link #meet} in open() and {@link #leave} in close(). The key fences (I8): it names
 * the attempt, so the weights of an abandoned attempt reach its own zombies only.
 */
public final class WeightExchange {

  /**
   * What both ends of one hand-over have in common, and nothing else has.
   *
   * @param job the Flink job's id
   * @param executionGraph the id of the execution graph, new with every master that takes over
   * @param attempt counts the restarts within the execution graph
   * @param subtask the index of the trainer and of its weight return
   */
  public record Key(String job, String executionGraph, int attempt, int subtask) {

    /**
     * Reads the key from the variables of a task's metric group.
     *
     * @param variables {@code metricGroup().getAllVariables()} of an operator or a source reader
     */
    public static Key of(Map<String, String> variables) {
      String attemptId = required(variables, "<task_attempt_id>");
      String[] parts = attemptId.split("_", -1); // graph _ vertex _ subtask _ attempt
      if (parts.length != 4) {
        throw new IllegalArgumentException(
            "cannot read the execution graph from task attempt id " + attemptId);
      }
      return new Key(
          required(variables, "<job_id>"),
          parts[0],
          Integer.parseInt(parts[3]),
          Integer.parseInt(parts[2]));
    }

    private static String required(Map<String, String> variables, String name) {
      String value = variables.get(name);
      if (value == null) {
        throw new IllegalArgumentException(
            "no variable " + name + " among the metric group's " + variables.keySet());
      }
      return value;
    }
  }

  private record Meeting(int parallelism, WeightReplica replica) {}

  private static final ConcurrentHashMap<Key, Meeting> MEETINGS = new ConcurrentHashMap<>();

  private WeightExchange() {}

  /**
   * The replica of this key, made here if nobody has brought it yet.
   *
   * @param parallelism of the operator that asks; both ends must have the same (R11)
   */
  public static WeightReplica meet(Key key, int parallelism, Supplier<WeightReplica> make) {
    Meeting meeting = MEETINGS.computeIfAbsent(key, k -> new Meeting(parallelism, make.get()));
    if (meeting.parallelism != parallelism) {
      throw new IllegalStateException(
          ("source and weight return run with parallelism %d and %d: they share a slot by subtask"
                  + " index, so give both the same parallelism, and rescale both together")
              .formatted(meeting.parallelism, parallelism));
    }
    return meeting.replica;
  }

  /** Ends the hand-over of this key, unless the key has found another replica since. */
  public static void leave(Key key, WeightReplica replica) {
    MEETINGS.computeIfPresent(key, (k, meeting) -> meeting.replica == replica ? null : meeting);
  }

  /** The number of hand-overs that are open in this process. */
  static int open() {
    return MEETINGS.size();
  }
}
