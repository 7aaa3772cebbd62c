package io.tapestream.jobs.cluster;

import java.util.Map;

/**
 * What a local cluster is asked to be.
 *
 * @param taskManagers processes that run tasks
 * @param slots of each of them
 * @param port of the REST interface; 0 takes a free one
 * @param highAvailability whether a keeper starts again whatever dies, and jobs go on
 * @param settings Flink settings that win over the shipped ones
 */
public record ClusterShape(
    int taskManagers, int slots, int port, boolean highAvailability, Map<String, String> settings) {

  /** Where Flink's REST interface answers unless another port is given. */
  public static final int DEFAULT_PORT = 8081;

  public ClusterShape {
    if (taskManagers < 0 || slots < 1) {
      throw new IllegalArgumentException(
          "a cluster has no fewer than 0 task managers and 1 slot on each, not "
              + taskManagers
              + " and "
              + slots);
    }
    settings = Map.copyOf(settings);
  }

  /** A cluster on a free port, with the shipped settings. */
  public static ClusterShape of(int taskManagers, int slots) {
    return new ClusterShape(taskManagers, slots, 0, false, Map.of());
  }

  /** The same, surviving the death of its job manager. */
  public ClusterShape withHighAvailability() {
    return new ClusterShape(taskManagers, slots, port, true, settings);
  }

  /** The same with other Flink settings. */
  public ClusterShape with(Map<String, String> other) {
    return new ClusterShape(taskManagers, slots, port, highAvailability, other);
  }
}
