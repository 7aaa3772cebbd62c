package io.tapestream.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@SuppressWarnings("try") // a crew's scope acts by being open
@Timeout(60)
class CrewTest {

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5})
  void eachPartIsDoneOnceHoweverManyThreadsThereAre(int threads) {
    try (Crew crew = new Crew(threads, "test")) {
      for (int parts = 0; parts < 200; parts++) {
        AtomicIntegerArray times = new AtomicIntegerArray(parts);
        crew.run(parts, times::incrementAndGet);
        for (int i = 0; i < parts; i++) {
          assertThat(times.get(i)).as("part %d of %d", i, parts).isEqualTo(1);
        }
      }
    }
  }

  @Test
  void allThreadsWorkAtOnce() {
    CountDownLatch together = new CountDownLatch(3);
    try (Crew crew = new Crew(3, "test")) {
      crew.run(
          3,
          part -> {
            together.countDown();
            assertThat(reached(together)).as("three parts at a time").isTrue();
          });
    }
  }

  private static boolean reached(CountDownLatch latch) {
    try {
      return latch.await(30, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  @Test
  void matesThatHaveFallenAsleepAreWoken() throws InterruptedException {
    try (Crew crew = new Crew(2, "test-sleep")) {
      Thread mate =
          Thread.getAllStackTraces().keySet().stream()
              .filter(thread -> thread.getName().equals("test-sleep-1"))
              .findFirst()
              .orElseThrow();
      for (int i = 0; i < 3; i++) {
        while (mate.getState() != Thread.State.WAITING) {
          Thread.onSpinWait();
        }
        CountDownLatch both = new CountDownLatch(2);
        crew.run(
            2,
            part -> {
              both.countDown();
              assertThat(reached(both)).isTrue();
            });
      }
    }
  }

  @Test
  void whatAPartThrowsReachesTheCallerWhenAllAreDone() {
    AtomicInteger done = new AtomicInteger();
    try (Crew crew = new Crew(2, "test")) {
      assertThatThrownBy(
              () ->
                  crew.run(
                      8,
                      part -> {
                        done.incrementAndGet();
                        if (part == 3) {
                          throw new IllegalArgumentException("part 3");
                        }
                      }))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("part 3");
      assertThat(done).hasValue(8);

      crew.run(2, part -> done.incrementAndGet());
      assertThat(done).as("it goes on working").hasValue(10);
    }
  }

  @Test
  void primitivesShareWithTheCrewThatTheirThreadHasEnteredAndWithNoneInsideAPart() {
    Set<Thread> threads = ConcurrentHashMap.newKeySet();
    Thread caller = Thread.currentThread();
    Crew.share(4, part -> threads.add(Thread.currentThread()));
    assertThat(threads).as("outside").containsExactly(caller);
    try (Crew crew = new Crew(2, "test")) {
      AtomicInteger inner = new AtomicInteger();
      try (Crew.Scope scope = crew.enter()) {
        CountDownLatch both = new CountDownLatch(2);
        Crew.share(
            2,
            part -> {
              threads.add(Thread.currentThread());
              both.countDown();
              assertThat(reached(both)).isTrue();
              Thread own = Thread.currentThread();
              Crew.share(
                  3,
                  ofPart -> {
                    assertThat(Thread.currentThread()).isSameAs(own);
                    inner.incrementAndGet();
                  });
            });
      }
      assertThat(threads).hasSize(2);
      assertThat(inner).hasValue(6);
      Crew.share(4, part -> assertThat(Thread.currentThread()).isSameAs(caller));
    }
  }

  @Test
  void aCrewWithoutThreadsIsRefused() {
    assertThatThrownBy(() -> new Crew(0, "test"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least one thread");
  }
}
