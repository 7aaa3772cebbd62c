package io.tapestream.operators.server;

import io.tapestream.optimizers.Optimizer;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.OperatorStateStore;
import org.apache.flink.api.common.typeinfo.Types;

/**
 * What a checkpoint was cut under: layout, maximum parallelism, the optimizer's slots, the metrics
 * and the table of virtual workers. Subtask 0 stores it for all, and every shard checks it when it
 * restores (R12, R3). An optimizer's settings are none of it: a restored job goes on with those of
 * its specification.
 */
final class ServerIdentity {

  private final ListState<String> layout;
  private final ListState<String> slots;
  private final ListState<String> virtualWorkers;
  private final ListState<String> run;
  private final ListState<String> metrics;

  ServerIdentity(OperatorStateStore store) throws Exception {
    layout = store.getUnionListState(new ListStateDescriptor<>("layout", Types.STRING));
    slots = store.getUnionListState(new ListStateDescriptor<>("optimizer-slots", Types.STRING));
    virtualWorkers =
        store.getUnionListState(new ListStateDescriptor<>("virtual-workers", Types.STRING));
    run = store.getUnionListState(new ListStateDescriptor<>("run", Types.STRING));
    metrics = store.getUnionListState(new ListStateDescriptor<>("metrics", Types.STRING));
  }

  /** Stores the identity of a running job. */
  void store(ServerPlan plan, Optimizer optimizer, int subtask) throws Exception {
    layout.update(subtask == 0 ? List.of(describe(plan)) : List.of());
    slots.update(subtask == 0 ? List.of(describe(optimizer)) : List.of());
    virtualWorkers.update(subtask == 0 ? plan.virtualWorkers() : List.of());
    run.update(subtask == 0 ? List.of(plan.run()) : List.of());
    metrics.update(subtask == 0 ? plan.metrics() : List.of());
  }

  /**
   * Compares a restored job with its plan.
   *
   * @return the indices in the plan's table of the virtual workers that are new, ascending
   * @throws IllegalStateException if the plan could not go on from the checkpoint
   */
  List<Integer> joined(ServerPlan plan, Optimizer optimizer) throws Exception {
    List<String> stored = list(layout);
    if (!stored.equals(List.of(describe(plan)))) {
      throw new IllegalStateException(
          "the checkpoint was cut with %s, this job has %s: restore with the model, block size and"
                  .formatted(String.join(", ", stored), describe(plan))
              + " maximum parallelism it was cut with, or start without it");
    }
    List<String> storedSlots = list(slots);
    if (!storedSlots.equals(List.of(describe(optimizer)))) {
      throw new IllegalStateException(
          "the checkpoint holds slots (%s), this job's optimizer needs others (%s): restore with the optimizer it was cut with, whose settings may be others, or start without it"
              .formatted(String.join(", ", storedSlots), describe(optimizer)));
    }
    return joined(list(virtualWorkers), plan);
  }

  /** Whether the checkpoint was cut by another submission than this one. */
  boolean isOfAnotherRun(ServerPlan plan) throws Exception {
    return !list(run).equals(List.of(plan.run()));
  }

  /**
   * Whether the checkpoint's reports are of other metrics than this job measures. A checkpoint that
   * doesn't name its metrics counts as one of others.
   */
  boolean measuredOtherMetrics(ServerPlan plan) throws Exception {
    return !list(metrics).equals(plan.metrics());
  }

  private static List<Integer> joined(List<String> known, ServerPlan plan) {
    List<Integer> joined = new ArrayList<>();
    int next = 0;
    for (int vw = 0; vw < plan.virtualWorkers().size(); vw++) {
      if (next < known.size() && known.get(next).equals(plan.virtualWorkers().get(vw))) {
        next++;
      } else {
        joined.add(vw);
      }
    }
    if (next < known.size()) {
      throw new IllegalStateException(
          "the checkpoint knows partition %s, this job does not read it (%s): restore with all"
                  .formatted(known.get(next), plan.virtualWorkers())
              + " partitions that the checkpoint knows, or start without it");
    }
    return joined;
  }

  private static List<String> list(ListState<String> state) throws Exception {
    List<String> list = new ArrayList<>();
    state.get().forEach(list::add);
    return list;
  }

  private static String describe(Optimizer optimizer) {
    return optimizer.slots() == 0
        ? "none"
        : "%d of %s".formatted(optimizer.slots(), optimizer.getClass().getSimpleName());
  }

  private static String describe(ServerPlan plan) {
    return "%s, maximum parallelism %d".formatted(plan.layout(), plan.maxParallelism());
  }
}
