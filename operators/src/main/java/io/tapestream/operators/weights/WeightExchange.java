package io.tapestream.operators.weights;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * Where the trainers and the weight returns of one process find their common {@link WeightReplica}.
 * Whoever comes first brings it; neither waits for the other, so weights that arrive before a
 * trainer has opened are not lost, and a weight return whose trainer was restored as finished just
 * keeps them.
 *
 * <p>Every end {@link #meet}s in open() and {@link #leave}s in close(); the last one to leave ends
 * the hand-over. The key fences (I8): it names the attempt, so the weights of an abandoned attempt
 * reach its own zombies only.
 */
public final class WeightExchange {

  /**
   * What the ends of one hand-over have in common, and no others have. All tasks of a job restart
   * together (R10), so they count attempts alike; subtasks that did not would not share, and be
   * served apart.
   *
   * @param job the Flink job's id
   * @param executionGraph the id of the execution graph, new with every master that takes over
   * @param attempt counts the restarts within the execution graph
   */
  public record Key(String job, String executionGraph, int attempt) {

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
      return new Key(required(variables, "<job_id>"), parts[0], Integer.parseInt(parts[3]));
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

  /** A replica and the number of its ends that are open. */
  private record Meeting(int parallelism, WeightReplica replica, int ends) {

    Meeting with(int more) {
      return new Meeting(parallelism, replica, ends + more);
    }
  }

  private static final ConcurrentHashMap<Key, Meeting> MEETINGS = new ConcurrentHashMap<>();

  private WeightExchange() {}

  /**
   * The replica of this key, made here if nobody has brought it yet.
   *
   * @param parallelism of the operator that asks; all ends must have the same (R11)
   */
  public static WeightReplica meet(Key key, int parallelism, Supplier<WeightReplica> make) {
    Meeting meeting =
        MEETINGS.compute(
            key,
            (k, open) -> {
              if (open == null) {
                return new Meeting(parallelism, make.get(), 1);
              }
              if (open.parallelism != parallelism) {
                throw new IllegalStateException(
                    ("source and weight return run with parallelism %d and %d: they share a slot by"
                            + " subtask index, so give both the same parallelism, and rescale both"
                            + " together")
                        .formatted(open.parallelism, parallelism));
              }
              return open.with(1);
            });
    return meeting.replica;
  }

  /** One end has closed, unless the key has found another replica since. */
  public static void leave(Key key, WeightReplica replica) {
    MEETINGS.computeIfPresent(
        key, (k, open) -> open.replica != replica ? open : open.ends == 1 ? null : open.with(-1));
  }

  /** The number of hand-overs that are open in this process. */
  static int open() {
    return MEETINGS.size();
  }
}
