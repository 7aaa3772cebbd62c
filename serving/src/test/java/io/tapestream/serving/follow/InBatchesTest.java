package io.tapestream.serving.follow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class InBatchesTest {
  private final List<Integer> batches = new CopyOnWriteArrayList<>();
  private final CountDownLatch go = new CountDownLatch(1);
  private final CountDownLatch closed = new CountDownLatch(1);
  private final ExecutorService clients = Executors.newCachedThreadPool();
  private final BatchCounts counts = new BatchCounts();

  /** Negates its one value; waits at 1, refuses 13, and breaks at 666 and, worse, at 667. */
  private final ServedModel model =
      new ServedModel() {
        @Override
        public List<TensorSpec> outputs() {
          return List.of(new TensorSpec("negative", List.of()));
        }

        @Override
        public List<NamedValues> predict(float[] inputs, int rows) {
          batches.add(rows);
          float[] negative = new float[rows];
          for (int i = 0; i < rows; i++) {
            if (inputs[i] == 1) {
              awaitGo();
            } else if (inputs[i] == 13) {
              throw new IllegalArgumentException("13 is no id");
            } else if (inputs[i] == 666) {
              throw new IllegalStateException("broken");
            } else if (inputs[i] == 667) {
              throw new OutOfMemoryError("told to fail");
            }
            negative[i] = -inputs[i];
          }
          return List.of(new NamedValues("negative", List.of(rows), negative));
        }

        @Override
        public void close() {
          closed.countDown();
        }
      };

  private Turns turns =
      new InBatches(Batching.of(4).withQueue(3), 1, Duration.ofSeconds(30), counts);

  private void awaitGo() {
    try {
      go.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @AfterEach
  void close() {
    go.countDown();
    turns.close(model);
    clients.shutdown();
  }

  @Test
  void requestsThatWaitAreComputedTogetherAndEachGetsItsRows() throws Exception {
    Future<float[]> busy = ask(1);
    awaitBatches(1);
    List<Future<float[]>> waiting = new ArrayList<>();
    for (float[] question : List.of(new float[] {2, 3}, new float[] {4}, new float[] {5, 6})) {
      waiting.add(ask(question));
      awaitQueued(waiting.size());
    }

    go.countDown();

    assertThat(busy.get()).containsExactly(-1);
    assertThat(waiting.get(0).get()).containsExactly(-2, -3);
    assertThat(waiting.get(1).get()).containsExactly(-4);
    assertThat(waiting.get(2).get()).containsExactly(-5, -6);
    assertThat(batches).containsExactly(1, 3, 2);
    assertThat(counts.batches()).isEqualTo(3);
    assertThat(counts.examples()).isEqualTo(6);
  }

  @Test
  void aBadRequestInABatchFailsAlone() throws Exception {
    Future<float[]> busy = ask(1);
    awaitBatches(1);
    Future<float[]> good = ask(2);
    Future<float[]> refused = ask(13);
    Future<float[]> broken = ask(666);
    awaitQueued(3);

    go.countDown();

    assertThat(busy.get()).containsExactly(-1);
    assertThat(good.get()).containsExactly(-2);
    assertThatThrownBy(refused::get)
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("13 is no id");
    assertThatThrownBy(broken::get).cause().isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aRequestOfMoreRowsThanABatchIsComputedByItself() throws Exception {
    assertThat(ask(2, 3, 4, 5, 6, 7).get()).containsExactly(-2, -3, -4, -5, -6, -7);
    assertThat(batches).containsExactly(6);
  }

  @Test
  void aFullQueueRefuses() throws Exception {
    Future<float[]> busy = ask(1);
    awaitBatches(1);
    List<Future<float[]>> waiting = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      waiting.add(ask(2));
      awaitQueued(i + 1);
    }
    assertThatThrownBy(() -> turns.predict(model, new float[1], 1))
        .isInstanceOf(OverloadedException.class)
        .hasMessageContaining("more than 3 requests wait");
    go.countDown();
    assertThat(busy.get()).containsExactly(-1);
    for (Future<float[]> future : waiting) {
      assertThat(future.get()).containsExactly(-2);
    }
  }

  @Test
  void aDelayLetsOthersCome() throws Exception {
    turns.close(model);
    turns =
        new InBatches(
            Batching.of(2).withMaxDelay(Duration.ofSeconds(30)), 2, Duration.ofSeconds(50), counts);
    Future<float[]> first = ask(2);
    awaitQueued(1);
    Future<float[]> second = ask(3);
    assertThat(first.get()).containsExactly(-2);
    assertThat(second.get()).containsExactly(-3);
    assertThat(batches).containsExactly(2);
  }

  @Test
  void whoWaitsTooLongIsToldSo() throws Exception {
    turns.close(model);
    turns = new InBatches(Batching.of(2), 1, Duration.ofMillis(50), counts);
    assertThatThrownBy(() -> turns.predict(model, new float[] {1}, 1))
        .isInstanceOf(OverloadedException.class)
        .hasMessageContaining("waited 50 ms");
  }

  @Test
  void theModelIsClosedOnlyOnceTheBatchIsDoneThatNobodyWaitsForAnyMore() throws Exception {
    Turns impatient = new InBatches(Batching.of(2), 2, Duration.ofMillis(50), counts);
    assertThatThrownBy(() -> impatient.predict(model, new float[] {1}, 1))
        .isInstanceOf(OverloadedException.class);

    impatient.close(model);

    assertThat(closed.getCount()).as("the batch is being computed").isOne();
    go.countDown();
    closed.await();
  }

  @Test
  void anUnusedModelIsClosedAtOnce() {
    turns.close(model);
    assertThat(closed.getCount()).isZero();
  }

  @Test
  void anErrorFailsItsBatchAndTheNextIsAnswered() throws Exception {
    assertThatThrownBy(ask(667)::get)
        .isInstanceOf(ExecutionException.class)
        .rootCause()
        .isInstanceOf(OutOfMemoryError.class);
    assertThat(ask(2).get()).containsExactly(-2);
  }

  private Future<float[]> ask(float... inputs) {
    Turns asked = turns;
    Callable<float[]> question = () -> asked.predict(model, inputs, inputs.length).get(0).values();
    return clients.submit(question);
  }

  private void awaitBatches(int count) {
    while (batches.size() < count) {
      Thread.onSpinWait();
    }
  }

  private void awaitQueued(int count) {
    while (((InBatches) turns).waiting() < count) {
      Thread.onSpinWait();
    }
  }
}
