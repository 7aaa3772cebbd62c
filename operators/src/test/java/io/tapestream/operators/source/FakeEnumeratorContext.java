package io.tapestream.operators.source;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.BiConsumer;
import org.apache.flink.api.connector.source.ReaderInfo;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.connector.source.SplitsAssignment;
import org.apache.flink.metrics.groups.SplitEnumeratorMetricGroup;

/** Runs what the enumerator calls at once and remembers what it assigns. */
final class FakeEnumeratorContext implements SplitEnumeratorContext<GatedSplit> {

  final Map<Integer, List<GatedSplit>> assigned = new TreeMap<>();
  Runnable discovery = () -> {};
  long discoveryPeriod; // milliseconds; 0 for never
  final List<Integer> noMoreSplits = new ArrayList<>();
  private final Map<Integer, ReaderInfo> readers = new HashMap<>();
  private final int parallelism;

  FakeEnumeratorContext(int parallelism) {
    this.parallelism = parallelism;
  }

  void register(int subtask) {
    readers.put(subtask, new ReaderInfo(subtask, "localhost"));
  }

  /** The partitions that a subtask was given, which all are of one topic. */
  List<Integer> partitionsOf(int subtask) {
    return assigned.getOrDefault(subtask, List.of()).stream()
        .map(split -> split.partition().partition())
        .toList();
  }

  @Override
  public int currentParallelism() {
    return parallelism;
  }

  @Override
  public Map<Integer, ReaderInfo> registeredReaders() {
    return readers;
  }

  @Override
  public void assignSplits(SplitsAssignment<GatedSplit> assignment) {
    assignment
        .assignment()
        .forEach(
            (subtask, splits) ->
                assigned.computeIfAbsent(subtask, s -> new ArrayList<>()).addAll(splits));
  }

  @Override
  public void signalNoMoreSplits(int subtask) {
    noMoreSplits.add(subtask);
  }

  @Override
  public <T> void callAsync(Callable<T> callable, BiConsumer<T, Throwable> handler) {
    T answer;
    try {
      answer = callable.call();
    } catch (Exception e) {
      handler.accept(null, e);
      return;
    }
    handler.accept(answer, null);
  }

  @Override
  public <T> void callAsync(
      Callable<T> callable, BiConsumer<T, Throwable> handler, long initialDelay, long period) {
    discovery = () -> callAsync(callable, handler);
    discoveryPeriod = period;
  }

  @Override
  public void runInCoordinatorThread(Runnable runnable) {
    runnable.run();
  }

  @Override
  public SplitEnumeratorMetricGroup metricGroup() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void sendEventToSourceReader(int subtask, SourceEvent event) {
    throw new UnsupportedOperationException();
  }
}
