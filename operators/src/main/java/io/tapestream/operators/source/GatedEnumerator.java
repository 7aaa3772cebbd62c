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
 *   restore    the state wins: a table that has grown at its end gets splits for the new virtual
 *              workers alone, read from their first record; any other change is refused
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
    int from = known == null ? 0 : sizeOfPrefix(known, table);
    List<TopicPartition> added = table.partitions().subList(from, table.size());
    try (TopicFacts topics = connect.get()) {
      if (known != null) {
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
      for (int vw = from; vw < table.size(); vw++) {
        TopicPartition partition = table.partition(vw);
        long start = KafkaTopics.answer(starting, partition);
        long stop = KafkaTopics.answer(stopping, partition);
        splits.add(GatedSplit.starting(vw, partition, start, stop));
      }
      return splits;
    }
  }

  private static int sizeOfPrefix(VirtualWorkers known, VirtualWorkers table) throws IOException {
    int size = known.size();
    if (size > table.size() || !table.partitions().subList(0, size).equals(known.partitions())) {
      throw new IOException(
          ("the job was checkpointed with the partitions %s and is now given %s: virtual workers"
                  + " keep their numbers, so partitions may only be added at the end. Start the job"
                  + " afresh, or restore it with the topics it had")
              .formatted(known.partitions(), table.partitions()));
    }
    return size;
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
        unassigned.stream().filter(s -> s.virtualWorker() % parallelism == subtask).toList();
    own.forEach(split -> context.assignSplit(split, subtask));
    unassigned.removeAll(own);
    context.signalNoMoreSplits(subtask);
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
