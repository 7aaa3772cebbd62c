package io.tapestream.operators.weights;

import io.tapestream.operators.server.ServerPlan;
import io.tapestream.parameterserver.BlockRange;
import io.tapestream.parameterserver.Gradient.Dense;
import io.tapestream.parameterserver.Header;
import io.tapestream.parameterserver.Message;
import io.tapestream.parameterserver.Message.Contribution;
import io.tapestream.parameterserver.Message.Hello;
import io.tapestream.parameterserver.Message.Leave;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SourceSplit;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.jspecify.annotations.Nullable;

/**
 * A source and trainer in one, as small as the protocol allows: subtask i hosts virtual worker i,
 * whose batch t has the gradient -1 for weight t, so that with a sum loss and rate 1 every weight
 * ends as the number of virtual workers. Virtual worker 1 sends batch {@code pause} only when a
 * checkpoint of its attempt is complete.
 */
record CountingSource(ServerPlan plan, int batches, int pause)
    implements Source<Message, CountingSource.Worker, Integer> {

  /** A virtual worker and the batch that it sends next. */
  record Worker(int virtualWorker, int batch) implements SourceSplit, Serializable {
    @Override
    public String splitId() {
      return Integer.toString(virtualWorker);
    }
  }

  @Override
  public Boundedness getBoundedness() {
    return Boundedness.CONTINUOUS_UNBOUNDED;
  }

  @Override
  public SourceReader<Message, Worker> createReader(SourceReaderContext context) {
    WeightExchange.Key key = WeightExchange.Key.of(context.metricGroup().getAllVariables());
    WeightReplica replica =
        WeightExchange.meet(
            key,
            context.currentParallelism(),
            () -> new WeightReplica(plan.layout(), plan.consistency()));
    return new Reader(plan, batches, pause, context.getIndexOfSubtask(), key, replica);
  }

  private static final class Reader implements SourceReader<Message, Worker> {
    private final ServerPlan plan;
    private final int batches;
    private final WeightExchange.Key key;
    private final WeightReplica replica;
    private final AtomicReference<CompletableFuture<Void>> available =
        new AtomicReference<>(new CompletableFuture<>());
    private final int pause;
    private final int subtask;
    private boolean greeted;
    private boolean checkpointed;
    private @Nullable Worker worker;

    Reader(
        ServerPlan plan,
        int batches,
        int pause,
        int subtask,
        WeightExchange.Key key,
        WeightReplica replica) {
      this.subtask = subtask;
      this.plan = plan;
      this.batches = batches;
      this.pause = pause;
      this.key = key;
      this.replica = replica;
    }

    @Override
    public void start() {
      replica.onAdvance(this::wake);
    }

    private void wake() {
      available.get().complete(null);
    }

    @Override
    public InputStatus pollNext(ReaderOutput<Message> output) {
      available.set(new CompletableFuture<>()); // before the questions, so no answer is missed
      if (!greeted) {
        for (BlockRange range : plan.layout().blocks()) {
          output.collect(new Hello(range.index(), subtask, replica.id()));
        }
        greeted = true;
      }
      if (worker == null) {
        return InputStatus.NOTHING_AVAILABLE;
      }
      int vw = worker.virtualWorker();
      int batch = worker.batch();
      if (batch > batches) {
        return replica.holds(vw, batches)
            ? InputStatus.END_OF_INPUT
            : InputStatus.NOTHING_AVAILABLE;
      }
      boolean paused = vw == 1 && batch == pause && !checkpointed;
      if (paused || !replica.mayStart(batch)) {
        return InputStatus.NOTHING_AVAILABLE;
      }
      for (BlockRange range : plan.layout().blocks()) {
        output.collect(
            batch == batches
                ? new Leave(range.index(), vw, batch)
                : contribution(range, vw, batch));
      }
      worker = new Worker(vw, batch + 1);
      wake();
      return InputStatus.MORE_AVAILABLE;
    }

    private static Contribution contribution(BlockRange range, int vw, int batch) {
      float[] gradient = new float[range.length()];
      if (range.from() <= batch && batch < range.to()) {
        gradient[batch - range.from()] = -1;
      }
      Header header = new Header(1, 1, new double[0], new double[0], 1);
      return new Contribution(range.index(), vw, batch, batch + 1, new Dense(gradient), header);
    }

    @Override
    public List<Worker> snapshotState(long checkpointId) {
      return worker == null ? List.of() : List.of(worker);
    }

    @Override
    public CompletableFuture<Void> isAvailable() {
      return available.get();
    }

    @Override
    public void addSplits(List<Worker> splits) {
      worker = splits.get(0);
      wake();
    }

    @Override
    public void notifyNoMoreSplits() {}

    @Override
    public void notifyCheckpointComplete(long checkpointId) {
      checkpointed = true;
      wake();
    }

    @Override
    public void close() {
      WeightExchange.leave(key, replica);
    }
  }

  @Override
  public SplitEnumerator<Worker, Integer> createEnumerator(SplitEnumeratorContext<Worker> context) {
    return new Enumerator(context);
  }

  @Override
  public SplitEnumerator<Worker, Integer> restoreEnumerator(
      SplitEnumeratorContext<Worker> context, Integer assigned) {
    Enumerator enumerator = new Enumerator(context);
    for (int vw = 0; vw < 31; vw++) {
      if ((assigned >> vw & 1) == 1) {
        enumerator.waiting.remove(vw);
      }
    }
    return enumerator;
  }

  /** Gives virtual worker i to reader i; its state is the set of those given, as bits. */
  private static final class Enumerator implements SplitEnumerator<Worker, Integer> {
    private final SplitEnumeratorContext<Worker> context;
    private final TreeMap<Integer, Worker> waiting = new TreeMap<>();

    Enumerator(SplitEnumeratorContext<Worker> context) {
      this.context = context;
      for (int vw = 0; vw < context.currentParallelism(); vw++) {
        waiting.put(vw, new Worker(vw, 0));
      }
    }

    @Override
    public void start() {}

    @Override
    public void handleSplitRequest(int subtask, String host) {}

    @Override
    public void addSplitsBack(List<Worker> splits, int subtask) {
      splits.forEach(split -> waiting.put(split.virtualWorker(), split));
    }

    @Override
    public void addReader(int subtask) {
      Worker worker = waiting.remove(subtask);
      if (worker != null) {
        context.assignSplit(worker, subtask);
      }
    }

    @Override
    public Integer snapshotState(long checkpointId) {
      int assigned = 0;
      for (int vw = 0; vw < context.currentParallelism(); vw++) {
        assigned |= waiting.containsKey(vw) ? 0 : 1 << vw;
      }
      return assigned;
    }

    @Override
    public void close() {}
  }

  @Override
  public SimpleVersionedSerializer<Worker> getSplitSerializer() {
    return new SimpleVersionedSerializer<>() {
      @Override
      public int getVersion() {
        return 1;
      }

      @Override
      public byte[] serialize(Worker worker) {
        return ByteBuffer.allocate(8).putInt(worker.virtualWorker()).putInt(worker.batch()).array();
      }

      @Override
      public Worker deserialize(int version, byte[] bytes) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        return new Worker(buffer.getInt(), buffer.getInt());
      }
    };
  }

  @Override
  public SimpleVersionedSerializer<Integer> getEnumeratorCheckpointSerializer() {
    return new SimpleVersionedSerializer<>() {
      @Override
      public int getVersion() {
        return 1;
      }

      @Override
      public byte[] serialize(Integer assigned) {
        return ByteBuffer.allocate(4).putInt(assigned).array();
      }

      @Override
      public Integer deserialize(int version, byte[] bytes) {
        return ByteBuffer.wrap(bytes).getInt();
      }
    };
  }
}
