package io.tapestream.operators.source;

import io.tapestream.operators.OffsetPolicy;
import io.tapestream.operators.SourceSettings;
import io.tapestream.operators.VirtualWorkers;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.util.FlinkRuntimeException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Gives each virtual worker to a reader, once. The table of virtual workers is fixed at submission;
 * nothing is discovered while the job runs (R3).
 *
 * <pre>
 *   start      verify the topics; turn the offset policies into numbers (R6)
 *   addReader  its splits: those whose virtual worker modulo the parallelism is its index;
 *              then "no more splits"
 *   restore    the state wins: partitions that are new in the table get splits, read from their
 *              first record; a table that lacks one is refused
 * </pre>
 */
final class GatedEnumerator implements SplitEnumerator<GatedSplit, GatedEnumeratorState> {

  // configuration
  private final SplitEnumeratorContext<GatedSplit> context;
  private final SourceSettings settings;
  private final Supplier<TopicFacts> connect;

  // runtime
  private @Nullable VirtualWorkers resolved; // null while no offset has been resolved
  private final List<GatedSplit> unassigned;
  private boolean ready;

  GatedEnumerator(
      SplitEnumeratorContext<GatedSplit> context,
      SourceSettings settings,
      Supplier<TopicFacts> connect,
      GatedEnumeratorState state) {
    this.context = context;
    this.settings = settings;
    this.connect = connect;
    this.resolved = state.virtualWorkers();
    this.unassigned = new ArrayList<>(state.unassigned());
  }

  @Override
  public void start() {
    VirtualWorkers known = resolved;
    context.callAsync(() -> newSplits(known), this::begin);
  }

  /** Runs beside the coordinator's thread, so it touches no field that changes. */
  private List<GatedSplit> newSplits(@Nullable VirtualWorkers known) throws IOException {
    VirtualWorkers table = settings.virtualWorkers();
    List<TopicPartition> added = added(known, table);
    try (TopicFacts topics = connect.get()) {
      if (known != null && !settings.policies().acceptRecreated()) {
        topics.verify(known.topicIds());
      }
      topics.verify(table.topicIds());
      if (added.isEmpty()) {
        return List.of();
      }
      OffsetPolicy policy = known == null ? settings.starting() : new OffsetPolicy.Earliest();
      Map<TopicPartition, Long> starting = topics.starting(policy, added);
      Map<TopicPartition, Long> stopping = topics.stopping(settings.stopping(), added);
      List<GatedSplit> splits = new ArrayList<>();
      for (TopicPartition partition : added) {
        long start = KafkaTopics.answer(starting, partition);
        long stop = KafkaTopics.answer(stopping, partition);
        splits.add(GatedSplit.starting(partition, start, stop));
      }
      return splits;
    }
  }

  private static List<TopicPartition> added(@Nullable VirtualWorkers known, VirtualWorkers table)
      throws IOException {
    if (known == null) {
      return table.partitions();
    }
    if (!table.partitions().containsAll(known.partitions())) {
      throw new IOException(
          "the job was checkpointed with the partitions %s and is now given %s: restore it with all its topics, or start it afresh"
              .formatted(known.partitions(), table.partitions()));
    }
    return table.partitions().stream().filter(p -> known.indexOf(p) < 0).toList();
  }

  private void begin(List<GatedSplit> splits, @Nullable Throwable failure) {
    if (failure != null) {
      throw new FlinkRuntimeException("The source can't start: " + failure.getMessage(), failure);
    }
    unassigned.addAll(splits);
    resolved = settings.virtualWorkers();
    ready = true;
    List.copyOf(context.registeredReaders().keySet()).forEach(this::serve);
  }

  @Override
  public void addReader(int subtask) {
    if (ready) {
      serve(subtask);
    }
  }

  private void serve(int subtask) {
    int parallelism = context.currentParallelism();
    List<GatedSplit> own =
        unassigned.stream().filter(s -> owner(s, parallelism) == subtask).toList();
    own.forEach(split -> context.assignSplit(split, subtask));
    unassigned.removeAll(own);
    context.signalNoMoreSplits(subtask);
  }

  private int owner(GatedSplit split, int parallelism) {
    return settings.virtualWorkers().indexOf(split.partition()) % parallelism;
  }

  @Override
  public void addSplitsBack(List<GatedSplit> splits, int subtask) {
    unassigned.addAll(splits);
  }

  @Override
  public GatedEnumeratorState snapshotState(long checkpointId) {
    return new GatedEnumeratorState(resolved, unassigned);
  }

  /** Splits are given, never asked for. */
  @Override
  public void handleSplitRequest(int subtask, @Nullable String host) {}

  @Override
  public void close() {}
}
