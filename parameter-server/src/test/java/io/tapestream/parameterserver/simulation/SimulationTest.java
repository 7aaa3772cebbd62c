package io.tapestream.parameterserver.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.optimizers.Step;
import io.tapestream.parameterserver.RoundClipping;
import io.tapestream.parameterserver.consistency.Asynchronous;
import io.tapestream.parameterserver.consistency.Bounded;
import io.tapestream.parameterserver.consistency.Synchronous;
import io.tapestream.parameterserver.simulation.Simulation.Mode;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Invariants over 1,000 seeds, each of them run under every consistency mode. {@link Simulation}
 * and {@link Checks} look at every gradient (I3, R5), at all weights that leave (I1), at every
 * checkpoint (I1, I5, R6, R18), and that training never stands still (R4); {@link Tampering} at
 * every message (I1, I3, I6, R1). A failure names the mode and the seed that repeat it.
 */
class SimulationTest {

  private static final int SEEDS = 1_000;

  private static final Mode SYNCHRONOUS = new Mode(new Synchronous(), 0);
  private static final Mode BOUNDED = new Mode(new Bounded(2), 2);
  private static final Mode ASYNCHRONOUS = new Mode(new Asynchronous(), Long.MAX_VALUE / 2);

  /** Each mode, and attempts that change from one to another. */
  static Stream<List<Mode>> modes() {
    return Stream.of(
        List.of(SYNCHRONOUS),
        List.of(BOUNDED),
        List.of(ASYNCHRONOUS),
        List.of(SYNCHRONOUS, BOUNDED, ASYNCHRONOUS));
  }

  @ParameterizedTest
  @MethodSource("modes")
  void i1EachBatchCountsOnceWhateverIsReorderedRepeatedSkippedCrashedOrRescaled(List<Mode> modes) {
    int crashes = 0;
    int checkpoints = 0;
    int joined = 0;
    int skips = 0;
    int tampered = 0;
    for (long seed = 0; seed < SEEDS; seed++) {
      int initial = 1 + new Random(seed).nextInt(4);
      int batches = Simulation.batchesPerWorker();
      Workload workload = new Workload.Counting(Simulation.mostWorkers(initial), batches);
      Simulation run = new Simulation(seed, workload, modes, initial);
      named(modes, seed, () -> assertEachCountedOnce(run, batches));
      crashes += run.crashes;
      checkpoints += run.checkpoints;
      joined += run.joined;
      skips += run.skips;
      tampered += run.tampered();
    }
    assertThat(crashes).as("crashes").isGreaterThan(SEEDS / 2);
    assertThat(checkpoints).as("checkpoints").isGreaterThan(SEEDS / 2);
    assertThat(joined).as("virtual workers that joined").isGreaterThan(SEEDS / 2);
    assertThat(skips).as("skips").isGreaterThan(SEEDS / 2);
    assertThat(tampered).as("messages tampered with").isGreaterThan(10 * SEEDS);
  }

  private static void assertEachCountedOnce(Simulation run, int batches) {
    float[] counts = run.run();
    float[] expected = new float[counts.length];
    long records = 0;
    for (Worker worker : run.workers()) {
      int from = worker.id() * batches;
      Arrays.fill(expected, from, Math.toIntExact(from + worker.batches()), 1);
      records += worker.batches();
    }
    assertThat(counts).as("I1: times each batch counted").isEqualTo(expected);
    assertThat(run.anyBlock().records()).as("records").isEqualTo(records);
    assertThat(run.anyBlock().learned())
        .as("learned offsets")
        .containsExactly(run.workers().stream().mapToLong(Worker::offset).toArray());
  }

  @Test
  void i2TheWeightsHaveTheBitsOfOneLoopOverTheRoundsWhateverHappens() {
    int joined = 0;
    int stops = 0;
    for (long seed = 0; seed < SEEDS; seed++) {
      int initial = 1 + new Random(seed).nextInt(4);
      Workload workload = new Workload.Chaotic(seed, 7, 9);
      Simulation run = new Simulation(seed, workload, List.of(SYNCHRONOUS), initial);
      named(
          List.of(SYNCHRONOUS),
          seed,
          () ->
              assertThat(bits(run.run()))
                  .as("I2: bits of the weights")
                  .isEqualTo(bits(oneLoop(workload, run.workers()))));
      joined += run.joined;
      stops += run.stops;
    }
    assertThat(joined).as("virtual workers that joined").isGreaterThan(SEEDS / 2);
    assertThat(stops).as("times that training stopped").isGreaterThan(SEEDS / 10);
  }

  @Test
  void r15ClippedRoundsHaveTheBitsOfOneLoopOverTheRoundsWhateverHappens() {
    int clipped = 0;
    for (long seed = 0; seed < SEEDS; seed++) {
      int initial = 1 + new Random(seed).nextInt(4);
      Workload workload = new Workload.Chaotic(seed, 7, 9, Optional.of(new RoundClipping(2)));
      Simulation run = new Simulation(seed, workload, List.of(SYNCHRONOUS), initial);
      named(
          List.of(SYNCHRONOUS),
          seed,
          () ->
              assertThat(bits(run.run()))
                  .as("I2: bits of the weights")
                  .isEqualTo(bits(oneLoop(workload, run.workers()))));
      clipped += run.clipped;
    }
    assertThat(clipped).as("scales below 1").isGreaterThan(SEEDS);
  }

  @Test
  void r15ARoundThatWaitsForItsScaleIsTakenUpByAnyMode() {
    List<Mode> modes = List.of(SYNCHRONOUS, BOUNDED, ASYNCHRONOUS);
    for (long seed = 0; seed < SEEDS / 4; seed++) {
      Workload workload = new Workload.Chaotic(seed, 7, 9, Optional.of(new RoundClipping(2)));
      Simulation run = new Simulation(seed, workload, modes, 3);
      named(modes, seed, run::run); // ends when every batch is in the weights
    }
  }

  @Test
  void r15ShardsStopAtTheSamePlaceAndNothingIsLostWhateverTheMode() {
    for (Mode mode : List.of(SYNCHRONOUS, BOUNDED, ASYNCHRONOUS)) {
      int stops = 0;
      for (long seed = 0; seed < SEEDS / 4; seed++) {
        Workload workload = new Workload.Chaotic(seed, 7, 9);
        Simulation run = new Simulation(seed, workload, List.of(mode), 3);
        named(List.of(mode), seed, run::run); // ends when every batch is in the weights
        stops += run.stops;
      }
      assertThat(stops).as("times that training stopped, %s", mode).isGreaterThan(SEEDS / 40);
    }
  }

  @Test
  void i3NoGradientIsComputedFromWeightsOlderThanTheBound() {
    for (int bound : new int[] {1, 5}) {
      List<Mode> modes = List.of(new Mode(new Bounded(bound), bound));
      for (long seed = 0; seed < SEEDS / 4; seed++) {
        Workload workload = new Workload.Chaotic(seed, 7, 9);
        Simulation run = new Simulation(seed, workload, modes, 3);
        named(modes, seed, run::run); // checks at every gradient
      }
    }
  }

  private static void named(List<Mode> modes, long seed, Runnable run) {
    try {
      run.run();
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError("%s, seed %d: %s".formatted(modes, seed, e.getMessage()), e);
    }
  }

  /** The reference: plain synchronous training, written without blocks, clocks or messages. */
  private static float[] oneLoop(Workload workload, List<Worker> workers) {
    float[] weights = workload.initial();
    float[][] slots = workload.optimizer().newSlots(workload.trained());
    long rounds = workers.stream().mapToLong(Worker::round).max().orElseThrow();
    long applied = 0;
    for (long round = 0; round < rounds; round++) {
      double weightSum = 0;
      float[] sum = new float[workload.size()];
      for (Worker worker : workers) {
        int batch = worker.counted().indexOf(round);
        double weight = batch < 0 ? 0 : workload.weight(worker.id(), batch);
        if (weight == 0) {
          continue;
        }
        weightSum += weight;
        float[] part = workload.contribution(worker.id(), batch, weights);
        for (int i = 0; i < sum.length; i++) {
          sum[i] +=
              i < workload.trained() ? part[i] : (part[i] - sum[i]) * (float) (weight / weightSum);
        }
      }
      if (weightSum > 0) {
        for (int i = 0; i < workload.trained(); i++) {
          sum[i] /= (float) weightSum;
        }
        clip(sum, workload);
        applied++;
        workload
            .optimizer()
            .update(weights, sum, slots, 0, workload.trained(), new Step(applied, round));
        System.arraycopy(
            sum, workload.trained(), weights, workload.trained(), sum.length - workload.trained());
      }
    }
    return weights;
  }

  /** Keras's global_clipnorm, in double; squares are added by threes, as the blocks are. */
  private static void clip(float[] gradient, Workload workload) {
    if (workload.roundClipping().isEmpty()) {
      return;
    }
    double squares = 0;
    for (int from = 0; from < workload.trained(); from += 3) {
      double part = 0;
      for (int i = from; i < Math.min(from + 3, workload.trained()); i++) {
        part += (double) gradient[i] * gradient[i];
      }
      squares += part;
    }
    double bound = workload.roundClipping().get().norm();
    if (Math.sqrt(squares) > bound) {
      for (int i = 0; i < workload.trained(); i++) {
        gradient[i] *= (float) (bound / Math.sqrt(squares));
      }
    }
  }

  private static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToRawIntBits(values[i]);
    }
    return bits;
  }
}
