package io.tapestream.operators.source;

import io.tapestream.operators.SourcePolicies;
import io.tapestream.operators.VirtualWorkers;
import io.tapestream.operators.server.TrainingStoppedException;
import io.tapestream.operators.source.VirtualWorker.Move;
import io.tapestream.operators.weights.WeightReplica;
import io.tapestream.parameterserver.Stopped;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.core.io.InputStatus;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * The gate: a source reader that wraps the Kafka reader and lets a mini-batch leave only when it is
 * complete and the weights that it needs are here. It never blocks, so checkpoints run in the
 * middle of a round.
 *
 * <pre>
 *   pollNext   1. takes records from the inner reader into the partitions' cutters, while no
 *                 virtual worker may move
 *              2. emits the turn of one that may, if there is one: a mini-batch whose gate is open,
 *                 or a round that it lets pass
 *              3. pauses partitions that run ahead, resumes those that have caught up
 *   NOTHING_AVAILABLE until data, weights, the end of splits or the alarm rings the bell
 *   END_OF_INPUT      when every virtual worker here has left and its last batch has been applied
 * </pre>
 *
 * The state is one {@link GatedSplit} per virtual worker: where its first unsent example is.
 */
@SuppressWarnings("try") // close() throws what the interface lets it
final class GatedReader implements SourceReader<Turn, GatedSplit> {

  /** Records taken from the inner reader in one call, so that checkpoints are not kept waiting. */
  private static final int RECORDS_PER_POLL = 1_024;

  /** After every so many records the gates are looked at again; it divides the number above. */
  private static final int RECORDS_PER_LOOK = 64;

  /** A partition is paused when this many mini-batches of it wait, */
  private static final int PAUSE_AT_BATCHES = 4;

  /** and resumed when no more than this many are left. */
  private static final int RESUME_AT_BATCHES = 2;

  /** No checkpoint to tell of; they count from 1. */
  private static final long NOTHING = 0;

  // configuration
  private final SourceReader<ConsumerRecord<byte[], byte[]>, KafkaPartitionSplit> inner;
  private final VirtualWorkers virtualWorkers;
  private final int batchSize;
  private final WeightReplica replica;
  private final SourcePolicies policies;
  private final HeldOffsets heldOffsets;
  private final @Nullable OffsetCommitter committer;
  private final Consumer<SourceEvent> enumerator;
  private final Runnable onClose;
  private final LongSupplier nanoTime;
  private final ReaderTimes times;

  // runtime
  private final Doorbell bell = new Doorbell();
  private final Alarm alarm;
  private final Map<String, VirtualWorker> workers = new LinkedHashMap<>(); // by split
  private final ToCutters toCutters;
  private final Set<String> held = new HashSet<>(); // paused because they run ahead
  private final Set<String> heldByFlink = new HashSet<>(); // paused for watermark alignment
  private final TreeMap<Long, Map<TopicPartition, Long>> offsetsByCheckpoint = new TreeMap<>();
  private @Nullable CompletableFuture<Void> innerAvailable; // the one that will ring the bell
  private boolean innerHasMore = true;
  private boolean innerEnded;
  private long untold = NOTHING; // the last checkpoint, until the reader has gone on after it
  private long toldStop = NOTHING; // the last checkpoint at which the server was heard to stop

  /**
   * @param inner reads the raw records, each into its split's output
   * @param virtualWorkers the job's table, which numbers the partitions
   * @param batchSize raw examples in a mini-batch
   * @param examples counts the raw examples in a record's value
   * @param replica opens the gate
   * @param policies for partitions without records
   * @param heldOffsets finds what a topic no longer holds
   * @param committer takes the learned offsets at each checkpoint; null for nobody
   * @param enumerator is told of each checkpoint after which the reader goes on, and where the
   *     parameter server has stopped
   * @param onClose runs when the reader closes
   * @param nanoTime as {@link System#nanoTime}
   * @param alarms makes an alarm that runs what it is given
   * @param times is told what the reader does
   */
  GatedReader(
      SourceReader<ConsumerRecord<byte[], byte[]>, KafkaPartitionSplit> inner,
      VirtualWorkers virtualWorkers,
      int batchSize,
      ExampleCounter examples,
      WeightReplica replica,
      SourcePolicies policies,
      HeldOffsets heldOffsets,
      @Nullable OffsetCommitter committer,
      Consumer<SourceEvent> enumerator,
      Runnable onClose,
      LongSupplier nanoTime,
      Function<Runnable, Alarm> alarms,
      ReaderTimes times) {
    this.inner = inner;
    this.virtualWorkers = virtualWorkers;
    this.batchSize = batchSize;
    this.toCutters = new ToCutters(this::cutter, examples);
    this.replica = replica;
    this.policies = policies;
    this.heldOffsets = heldOffsets;
    this.committer = committer;
    this.enumerator = enumerator;
    this.onClose = onClose;
    this.nanoTime = nanoTime;
    this.alarm = alarms.apply(bell::ring);
    this.times = times;
  }

  @Override
  public void start() {
    replica.onAdvance(bell::ring);
    inner.start();
  }

  @Override
  public InputStatus pollNext(ReaderOutput<Turn> output) throws Exception {
    tellTheEnumerator();
    times.begin();
    VirtualWorker mover = takeRecordsUntilOneMayMove();
    times.end();
    if (mover != null) {
      output.collect(mover.take(nanoTime.getAsLong()));
    } else if (innerEnded || workers.values().stream().anyMatch(VirtualWorker::hasBatch)) {
      times.closed();
    } else {
      times.hungry();
    }
    holdThoseAhead();
    if (mover != null || innerHasMore) {
      return InputStatus.MORE_AVAILABLE;
    }
    return isDone() ? InputStatus.END_OF_INPUT : InputStatus.NOTHING_AVAILABLE;
  }

  /** After a savepoint that stops the job it is polled no more, and so tells nothing. */
  private void tellTheEnumerator() {
    if (untold != NOTHING) {
      enumerator.accept(new WentOn(untold));
      untold = NOTHING;
    }
    Stopped stopped = replica.stopped();
    if (stopped != null && stopped.checkpoint() != toldStop) {
      List<String> names =
          virtualWorkers.partitions().stream().map(TopicPartition::toString).toList();
      var reason = TrainingStoppedException.of(stopped, names);
      enumerator.accept(new ServerStopped(stopped.checkpoint(), reason));
      toldStop = stopped.checkpoint();
    }
  }

  private boolean hasToTell() {
    Stopped stopped = replica.stopped();
    return untold != NOTHING || (stopped != null && stopped.checkpoint() != toldStop);
  }

  /**
   * Takes records while no batch may leave: one that may is not kept waiting, and the time in which
   * weights are on their way is spent on reading. A full partition is paused but still taken from:
   * its fetch may hold its neighbours' records. Rounds pass only when there is no record to take.
   */
  private @Nullable VirtualWorker takeRecordsUntilOneMayMove() throws Exception {
    innerHasMore = !innerEnded;
    VirtualWorker mover = first(Move.SEND);
    for (int taken = 0; mover == null && innerHasMore && taken < RECORDS_PER_POLL; taken++) {
      InputStatus status = inner.pollNext(toCutters);
      innerHasMore = status == InputStatus.MORE_AVAILABLE;
      innerEnded = status == InputStatus.END_OF_INPUT;
      if ((taken + 1) % RECORDS_PER_LOOK == 0 || !innerHasMore) {
        mover = first(Move.SEND);
      }
    }
    return mover == null && !innerHasMore && policies.skips() ? first(Move.SKIP) : mover;
  }

  /** Of those that may move so the one in the lowest round, so that none falls behind. */
  private @Nullable VirtualWorker first(Move move) {
    long now = nanoTime.getAsLong();
    return workers.values().stream()
        .filter(worker -> worker.move(now) == move)
        .min(
            Comparator.comparingLong(VirtualWorker::round)
                .thenComparingInt(worker -> worker.cutter().virtualWorker()))
        .orElse(null);
  }

  /** Once the inner reader has ended, only the gate counts. */
  private boolean isDone() {
    return innerEnded && workers.values().stream().allMatch(VirtualWorker::isDone);
  }

  private void holdThoseAhead() {
    List<String> pause = new ArrayList<>();
    List<String> resume = new ArrayList<>();
    workers.forEach(
        (id, worker) -> {
          MiniBatchCutter cutter = worker.cutter();
          long waiting = cutter.pendingExamples() / batchSize;
          if (waiting >= PAUSE_AT_BATCHES && !cutter.hasEnded() && held.add(id)) {
            pause.add(id);
          } else if (waiting <= RESUME_AT_BATCHES && held.remove(id)) {
            resume.add(id);
          }
        });
    pause.removeAll(heldByFlink);
    resume.removeAll(heldByFlink);
    pauseInner(pause, resume);
  }

  @Override
  public void pauseOrResumeSplits(Collection<String> pause, Collection<String> resume) {
    heldByFlink.addAll(pause);
    heldByFlink.removeAll(resume);
    pauseInner(
        pause.stream().filter(id -> !held.contains(id)).toList(),
        resume.stream().filter(id -> !held.contains(id)).toList());
  }

  private void pauseInner(Collection<String> pause, Collection<String> resume) {
    if (!pause.isEmpty() || !resume.isEmpty()) {
      inner.pauseOrResumeSplits(pause, resume);
    }
  }

  @Override
  public CompletableFuture<Void> isAvailable() {
    CompletableFuture<Void> rung = bell.listen();
    if (!innerEnded) {
      CompletableFuture<Void> next = inner.isAvailable();
      if (next != innerAvailable) {
        innerAvailable = next;
        var unused = next.whenComplete((done, failure) -> bell.ring());
      } else if (next.isDone()) {
        bell.ring();
      }
    }
    if (hasToTell()
        || innerHasMore
        || isDone()
        || first(Move.SEND) != null
        || (policies.skips() && first(Move.SKIP) != null)) {
      bell.ring();
    } else {
      setAlarm();
    }
    return rung;
  }

  private void setAlarm() {
    long now = nanoTime.getAsLong();
    long wait = VirtualWorker.NEVER;
    for (VirtualWorker worker : workers.values()) {
      wait = Math.min(wait, worker.waits(now));
    }
    if (wait != VirtualWorker.NEVER) {
      alarm.set(wait);
    }
  }

  @Override
  public List<GatedSplit> snapshotState(long checkpointId) {
    List<GatedSplit> splits = workers.values().stream().map(VirtualWorker::split).toList();
    if (committer != null) {
      Map<TopicPartition, Long> offsets = new HashMap<>();
      splits.forEach(split -> offsets.put(split.partition(), split.offset()));
      offsetsByCheckpoint.put(checkpointId, offsets);
    }
    untold = checkpointId;
    bell.ring(); // there may be nothing else to be polled for
    return splits;
  }

  @Override
  public void notifyCheckpointComplete(long checkpointId) {
    Map<TopicPartition, Long> offsets = offsetsByCheckpoint.get(checkpointId);
    offsetsByCheckpoint.headMap(checkpointId, true).clear();
    if (committer != null && offsets != null && !offsets.isEmpty()) {
      committer.commit(offsets);
    }
  }

  @Override
  public void notifyCheckpointAborted(long checkpointId) {
    offsetsByCheckpoint.remove(checkpointId);
  }

  @Override
  public void addSplits(List<GatedSplit> splits) {
    Map<TopicPartition, OffsetGap> gaps =
        heldOffsets.gaps(splits.stream().filter(GatedSplit::isToRead).toList());
    List<KafkaPartitionSplit> toRead = new ArrayList<>();
    for (GatedSplit split : splits) {
      int virtualWorker = virtualWorkers.indexOf(split.partition());
      if (virtualWorker < 0) {
        throw new IllegalStateException(
            "partition %s is in the checkpoint but not in the job: restore with all its topics"
                .formatted(split.partition()));
      }
      OffsetGap lost = gaps.get(split.partition());
      var worker = new VirtualWorker(virtualWorker, split, lost, batchSize, replica, policies);
      if (workers.putIfAbsent(split.splitId(), worker) != null) {
        throw new IllegalStateException(split.partition() + " is read here already");
      }
      GatedSplit there = lost == null ? split : split.from(lost.to());
      if (there.isToRead()) {
        toRead.add(there.toKafka());
      }
    }
    if (!toRead.isEmpty()) {
      inner.addSplits(toRead);
    }
    innerHasMore = true;
    bell.ring();
  }

  @Override
  public void notifyNoMoreSplits() {
    inner.notifyNoMoreSplits();
    innerHasMore = true;
    bell.ring();
  }

  @Override
  public void close() throws Exception {
    try {
      inner.close();
    } finally {
      alarm.close();
      if (committer != null) {
        committer.close();
      }
      onClose.run();
    }
  }

  private MiniBatchCutter cutter(String splitId) {
    VirtualWorker worker = workers.get(splitId);
    if (worker == null) {
      throw new IllegalStateException("no split " + splitId + " was given to this reader");
    }
    return worker.cutter();
  }
}
