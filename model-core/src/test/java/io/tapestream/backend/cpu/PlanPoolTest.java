package io.tapestream.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PlanPoolTest {
  private final List<String> closed = new ArrayList<>();

  private record Named(String name, List<String> closed) implements AutoCloseable {
    @Override
    public void close() {
      closed.add(name);
    }
  }

  @Test
  void aPlanGivenBackIsTakenAgain() {
    PlanPool<String, Named> pool = new PlanPool<>(4, key -> new Named(key, closed));
    Named first = pool.take("a");
    pool.giveBack("a", first);
    assertThat(pool.take("a")).isSameAs(first);
  }

  @Test
  void twoThreadsNeverHoldTheSamePlan() {
    PlanPool<String, Named> pool = new PlanPool<>(4, key -> new Named(key, closed));
    assertThat(pool.take("a")).isNotSameAs(pool.take("a"));
  }

  @Test
  void beyondTheCapacityThePlanThatWaitedLongestIsClosed() {
    PlanPool<String, Named> pool = new PlanPool<>(2, key -> new Named(key, closed));
    for (String key : List.of("a", "b", "a", "c")) {
      pool.giveBack(key, pool.take(key));
    }
    assertThat(closed).containsExactly("b");
  }
}
