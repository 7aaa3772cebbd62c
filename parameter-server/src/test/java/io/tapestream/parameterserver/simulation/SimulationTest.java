package io.tapestream.parameterserver.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.optimizers.Step;
import io.tapestream.parameterserver.consistency.Bounded;
import io.tapestream.parameterserver.consistency.Consistency;
import io.tapestream.parameterserver.consistency.Synchronous;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Invariants over many seeded runs; a failure names the seed that repeats it. */
class SimulationTest {

  private static final int SEEDS = 500;

  @Test
  void i1EachBatchCountsOnceWhateverIsReorderedRepeatedCrashedOrRescaled() {
    everyBatchCountsOnce(new Synchronous(), 0);
  }

  @Test
  void r16EachBatchCountsOnceAlsoWhereContributionsAreAppliedOnArrival() {
    everyBatchCountsOnce(new Bounded(2), 2);
  }

  private static void everyBatchCountsOnce(Consistency consistency, int staleness) {
    int crashes = 0;
    int checkpoints = 0;
    int repeats = 0;
    for (long seed = 0; seed < SEEDS; seed++) {
      int initial = 1 + new Random(seed).nextInt(4);
      int batches = Simulation.batchesPerWorker();
      Workload workload = new Workload.Counting(Simulation.mostWorkers(initial), batches);
      Simulation run = new Simulation(seed, workload, consistency, staleness, initial);
      float[] counts = run.run();
      float[] expected = new float[counts.length];
      long records = 0;
      for (Worker worker : run.workers()) {
        int from = worker.id() * batches;
        Arrays.fill(expected, from, Math.toIntExact(from + worker.batches()), 1);
        records += worker.batches();
      }
      assertThat(counts).as("I1: times each batch counted, seed %d", seed).isEqualTo(expected);
      assertThat(run.anyBlock().records()).as("records, seed %d", seed).isEqualTo(records);
      assertThat(run.anyBlock().learned())
          .as("learned offsets, seed %d", seed)
          .containsExactly(
              run.workers().stream().mapToLong(w -> w.batches() == 0 ? -1 : w.batches()).toArray());
      crashes += run.crashes;
      checkpoints += run.checkpoints;
      repeats += run.repeats;
    }
    assertThat(crashes).as("crashes").isGreaterThan(SEEDS / 2);
    assertThat(checkpoints).as("checkpoints").isGreaterThan(SEEDS / 2);
    assertThat(repeats).as("repeats").isGreaterThan(SEEDS);
  }

  @Test
  void i2TheWeightsHaveTheBitsOfOneLoopOverTheRoundsWhateverHappens() {
    for (long seed = 0; seed < SEEDS; seed++) {
      int initial = 1 + new Random(seed).nextInt(4);
      Workload workload = new Workload.Chaotic(seed, 7, 9);
      Simulation run = new Simulation(seed, workload, new Synchronous(), 0, initial);
      float[] weights = run.run();
      assertThat(bits(weights))
          .as("I2: bits of the weights, seed %d", seed)
          .isEqualTo(bits(oneLoop(workload, run.workers())));
    }
  }

  @Test
  void i3NoGradientIsComputedFromWeightsOlderThanTheBound() {
    for (int bound = 0; bound < 4; bound++) {
      Consistency consistency = bound == 0 ? new Synchronous() : new Bounded(bound);
      for (long seed = 0; seed < SEEDS / 4; seed++) {
        Workload workload = new Workload.Chaotic(seed, 7, 9);
        new Simulation(seed, workload, consistency, bound, 3).run(); // checks at every gradient
      }
    }
  }

  /** The reference: plain synchronous training, written without blocks, clocks or messages. */
  private static float[] oneLoop(Workload workload, List<Worker> workers) {
    float[] weights = workload.initial();
    float[][] slots = workload.optimizer().newSlots(workload.trained());
    long lastRound =
        workers.stream().mapToLong(w -> w.firstRound() + w.batches()).max().orElseThrow();
    long applied = 0;
    for (long round = 0; round < lastRound; round++) {
      double weightSum = 0;
      float[] sum = new float[workload.size()];
      for (Worker worker : workers) {
        long batch = round - worker.firstRound();
        if (batch < 0 || batch >= worker.batches()) {
          continue;
        }
        double weight = workload.weight(worker.id(), batch);
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
        applied++;
        Step step = new Step(applied, round);
        workload.optimizer().update(weights, sum, slots, 0, workload.trained(), step);
        System.arraycopy(
            sum, workload.trained(), weights, workload.trained(), sum.length - workload.trained());
      }
    }
    return weights;
  }

  private static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToRawIntBits(values[i]);
    }
    return bits;
  }
}
