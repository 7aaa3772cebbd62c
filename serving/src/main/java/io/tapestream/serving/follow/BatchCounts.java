package io.tapestream.serving.follow;

import java.util.concurrent.atomic.LongAdder;

/** How many batches a model has computed, and of how many examples in all. */
final class BatchCounts {
  private final LongAdder batches = new LongAdder();
  private final LongAdder examples = new LongAdder();

  void add(int rows) {
    batches.increment();
    examples.add(rows);
  }

  long batches() {
    return batches.sum();
  }

  long examples() {
    return examples.sum();
  }
}
