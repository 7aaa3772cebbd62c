package io.tapestream.operators.source;

import io.tapestream.operators.OffsetPolicy;
import io.tapestream.operators.SourceSettings;
import io.tapestream.operators.VirtualWorkers;
import io.tapestream.operators.server.TrainingStoppedException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.util.FlinkRuntimeException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives each virtual worker to a reader, once. The table of virtual workers is fixed at submission
 * (R3): partitions that are discovered while the job runs end it at its next checkpoint, so that it
 * is submitted again with them. So does the parameter server when it has stopped. But neither ends
 * it while a savepoint that stops it may be under way, which would then fail.
 *
 * <pre>
 *   start      verify the topics; turn the offset policies into numbers (R6)
 *   addReader  its splits: those whose virtual worker modulo the parallelism is its index;
 *              then "no more splits"
 *   restore    the state wins: partitions that are new in the table get splits, read from their
 *              first record; a table that lacks one is refused
 *   every so often    are there partitions that the table does not have?
 *   checkpoint is complete, or a reader went on    if a reader went on after the newest that was
 *              begun: {@link TrainingStoppedException} if the one at which the server stopped is
 *              complete, {@link PartitionsAddedException} if there are such and one is since then
 * </pre>
 *
 * <p>Nobody tells a source what a checkpoint is for. But where it is a savepoint that stops the
 * job, no reader goes on after it: so the job ends only when none that was begun can be one. A stop
 * that is asked for later finds the job ended, and leaves no savepoint behind.
 */
final class GatedEnumerator implements SplitEnumerator<GatedSplit, GatedEnumeratorState> {

  private static final Logger LOG = LoggerFactory.getLogger(GatedEnumerator.class);

  /** Before the first checkpoint; they count from 1. */
  private static final long NONE = 0;

  // configuration
  private final SplitEnumeratorContext<GatedSplit> context;
  private final SourceSettings settings;
  private final Supplier<TopicFacts> connect;

  // runtime
  private @Nullable VirtualWorkers resolved; // null while no offset has been resolved
  private final List<GatedSplit> unassigned;
  private boolean ready;
  private List<TopicPartition> added = List.of(); // which the table does not have
  private @Nullable ServerStopped stopped;
  private long begun = NONE; // the newest checkpoint
  private long complete = NONE; // the newest of those
  private long completeBefore = NONE; // when partitions were first found to be added
  private long wentOn = NONE; // the newest after which a reader went on

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
    Duration discovery = settings.discovery();
    if (discovery != null) {
      long period = discovery.toMillis();
      context.callAsync(this::unknownPartitions, this::discovered, period, period);
    }
  }

  /** Runs beside the coordinator's thread. */
  private List<TopicPartition> unknownPartitions() throws IOException {
    VirtualWorkers table = settings.virtualWorkers();
    try (TopicFacts topics = connect.get()) {
      return topics.partitions(table.topicIds().keySet()).stream()
          .filter(partition -> table.indexOf(partition) < 0)
          .toList();
    }
  }

  private void discovered(List<TopicPartition> unknown, @Nullable Throwable failure) {
    if (failure instanceof InterruptedIOException) {
      return; // the job is ending
    }
    if (failure != null) {
      LOG.warn("Could not look for added partitions; trying again later", failure);
    } else if (!unknown.equals(added)) {
      LOG.info(
          "Partitions {} were added; the job ends at its next checkpoint to join them", unknown);
      if (added.isEmpty()) {
        completeBefore = complete;
      }
      added = unknown;
    }
  }

  @Override
  public void notifyCheckpointComplete(long checkpointId) {
    complete = checkpointId;
    endIfNoneStopsTheJob();
  }

  @Override
  public void handleSourceEvent(int subtask, SourceEvent event) {
    if (event instanceof WentOn told) {
      wentOn = Math.max(wentOn, told.checkpoint());
    } else if (event instanceof ServerStopped told) {
      stopped = told; // all shards tell the same of the same checkpoint
    } else {
      throw new IllegalArgumentException("no reader tells " + event);
    }
    endIfNoneStopsTheJob();
  }

  private void endIfNoneStopsTheJob() {
    if (wentOn < begun) {
      return;
    }
    if (stopped != null && complete >= stopped.checkpoint()) {
      throw stopped.reason();
    }
    if (!added.isEmpty() && complete > completeBefore) {
      throw new PartitionsAddedException(added, complete);
    }
  }

  /** Runs beside the coordinator's thread, so it touches no field that changes. */
  private List<GatedSplit> newSplits(@Nullable VirtualWorkers known) throws IOException {
    VirtualWorkers table = settings.virtualWorkers();
    List<TopicPartition> joining = joining(known, table);
    try (TopicFacts topics = connect.get()) {
      if (known != null && !settings.policies().acceptRecreated()) {
        topics.verify(known.topicIds());
      }
      topics.verify(table.topicIds());
      if (joining.isEmpty()) {
        return List.of();
      }
      OffsetPolicy policy = known == null ? settings.starting() : new OffsetPolicy.Earliest();
      Map<TopicPartition, Long> starting = topics.starting(policy, joining);
      Map<TopicPartition, Long> stopping = topics.stopping(settings.stopping(), joining);
      List<GatedSplit> splits = new ArrayList<>();
      for (TopicPartition partition : joining) {
        long start = KafkaTopics.answer(starting, partition);
        long stop = KafkaTopics.answer(stopping, partition);
        splits.add(GatedSplit.starting(partition, start, stop));
      }
      return splits;
    }
  }

  private static List<TopicPartition> joining(@Nullable VirtualWorkers known, VirtualWorkers table)
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
    begun = checkpointId;
    return new GatedEnumeratorState(resolved, unassigned);
  }

  /** Splits are given, never asked for. */
  @Override
  public void handleSplitRequest(int subtask, @Nullable String host) {}

  @Override
  public void close() {}
}
