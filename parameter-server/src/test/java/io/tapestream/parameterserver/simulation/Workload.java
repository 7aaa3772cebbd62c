package io.tapestream.parameterserver.simulation;

import io.tapestream.optimizers.Adam;
import io.tapestream.optimizers.Optimizer;
import io.tapestream.optimizers.Sgd;
import io.tapestream.parameterserver.RoundClipping;
import io.tapestream.schedules.InverseTimeDecay;
import java.util.Optional;
import java.util.SplittableRandom;

/** What the simulated virtual workers learn. Workers are named by an id that no join moves. */
interface Workload {

  /** Values that follow gradients. */
  int trained();

  /** All values. */
  int size();

  float[] initial();

  Optimizer optimizer();

  boolean meanLoss();

  /** The weight of a batch; one of 0 was skipped. */
  double weight(int worker, long batch);

  /** Training stops after so many skipped batches in a row. */
  default long stopAfter() {
    return Long.MAX_VALUE;
  }

  /** What bounds the gradient of a whole round, in modes that sum rounds. */
  default Optional<RoundClipping> roundClipping() {
    return Optional.empty();
  }

  /** The gradient, or new statistics, of one batch; depends on every bit of the weights. */
  float[] contribution(int worker, long batch, float[] weights);

  /** Each batch of each worker has a weight of its own that ends as the times that it counted. */
  record Counting(int workers, int batches) implements Workload {

    @Override
    public int trained() {
      return workers * batches;
    }

    @Override
    public int size() {
      return trained();
    }

    @Override
    public float[] initial() {
      return new float[trained()];
    }

    @Override
    public Optimizer optimizer() {
      return new Sgd(1);
    }

    @Override
    public boolean meanLoss() {
      return false;
    }

    @Override
    public double weight(int worker, long batch) {
      return 1;
    }

    @Override
    public float[] contribution(int worker, long batch, float[] weights) {
      float[] gradient = new float[trained()];
      gradient[place(worker, batch)] = -1;
      return gradient;
    }

    /** The weight that a batch of a worker has. */
    int place(int worker, long batch) {
      return Math.toIntExact((long) worker * batches + batch);
    }
  }

  /** Gradients in which a single stale or misplaced bit changes all that follows. */
  record Chaotic(long seed, int trained, int size, Optional<RoundClipping> roundClipping)
      implements Workload {

    /** Without clipping. */
    Chaotic(long seed, int trained, int size) {
      this(seed, trained, size, Optional.empty());
    }

    @Override
    public float[] initial() {
      SplittableRandom random = new SplittableRandom(seed);
      float[] initial = new float[size];
      for (int i = 0; i < size; i++) {
        initial[i] = (float) random.nextDouble();
      }
      return initial;
    }

    @Override
    public Optimizer optimizer() {
      return new Adam(new InverseTimeDecay(0.05, 5, 0.5));
    }

    @Override
    public boolean meanLoss() {
      return true;
    }

    @Override
    public long stopAfter() {
      return 2 + seed % 3;
    }

    /** A quarter of the batches are skipped. */
    @Override
    public double weight(int worker, long batch) {
      int draw = random(worker, batch).nextInt(4);
      return draw == 0 ? 0 : draw + 0.1;
    }

    @Override
    public float[] contribution(int worker, long batch, float[] weights) {
      SplittableRandom random = random(worker, batch);
      float[] contribution = new float[size];
      for (int i = 0; i < size; i++) {
        float noise = (float) random.nextDouble();
        contribution[i] = (float) Math.sin(50 * weights[i]) + 3 * weights[(i + 1) % size] * noise;
      }
      return contribution;
    }

    private SplittableRandom random(int worker, long batch) {
      return new SplittableRandom(seed * 31 + worker * 1_000_003L + batch * 7_919L);
    }
  }
}
