package io.tapestream.operators.source;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.core.io.InputStatus;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/** Stands for the Kafka reader: emits what a test has fetched, in that order. */
final class FakeKafkaReader
    implements SourceReader<ConsumerRecord<byte[], byte[]>, KafkaPartitionSplit> {

  private record Fetched(TopicPartition partition, long offset) {}

  private static final long END = -1;

  private final ArrayDeque<Fetched> queue = new ArrayDeque<>();
  private CompletableFuture<Void> available = new CompletableFuture<>();
  private boolean noMoreSplits;

  final List<KafkaPartitionSplit> reading = new ArrayList<>();
  final Set<String> paused = new HashSet<>();
  int polls;

  /** Records of a partition arrive. */
  void fetch(TopicPartition partition, long from, long to) {
    for (long offset = from; offset < to; offset++) {
      queue.add(new Fetched(partition, offset));
    }
    available.complete(null);
  }

  /** A partition reaches its stopping offset. */
  void end(TopicPartition partition) {
    queue.add(new Fetched(partition, END));
    available.complete(null);
  }

  @Override
  public InputStatus pollNext(ReaderOutput<ConsumerRecord<byte[], byte[]>> output) {
    polls++;
    Fetched next = queue.poll();
    if (next == null) {
      if (noMoreSplits && reading.isEmpty()) {
        return InputStatus.END_OF_INPUT;
      }
      if (available.isDone()) {
        available = new CompletableFuture<>();
      }
      return InputStatus.NOTHING_AVAILABLE;
    }
    String split = KafkaPartitionSplit.toSplitId(next.partition());
    if (next.offset() == END) {
      output.releaseOutputForSplit(split);
      reading.removeIf(s -> s.splitId().equals(split));
    } else {
      byte[] value = {(byte) next.offset()};
      output
          .createOutputForSplit(split)
          .collect(
              new ConsumerRecord<>(
                  next.partition().topic(),
                  next.partition().partition(),
                  next.offset(),
                  new byte[0],
                  value),
              0);
    }
    return InputStatus.MORE_AVAILABLE;
  }

  @Override
  public CompletableFuture<Void> isAvailable() {
    return available;
  }

  @Override
  public void addSplits(List<KafkaPartitionSplit> splits) {
    reading.addAll(splits);
  }

  @Override
  public void notifyNoMoreSplits() {
    noMoreSplits = true;
    available.complete(null);
  }

  @Override
  public void pauseOrResumeSplits(Collection<String> pause, Collection<String> resume) {
    paused.addAll(pause);
    paused.removeAll(resume);
  }

  @Override
  public List<KafkaPartitionSplit> snapshotState(long checkpointId) {
    throw new AssertionError("the inner reader's state runs ahead: it is not asked for");
  }

  @Override
  public void start() {}

  @Override
  public void close() {}
}
