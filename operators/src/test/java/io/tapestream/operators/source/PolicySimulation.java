package io.tapestream.operators.source;

import io.tapestream.operators.SourcePolicies;
import io.tapestream.operators.source.VirtualWorker.Move;
import io.tapestream.operators.weights.WeightReplica;
import io.tapestream.optimizers.Sgd;
import io.tapestream.parameterserver.Block;
import io.tapestream.parameterserver.BlockLayout;
import io.tapestream.parameterserver.Gradient.Dense;
import io.tapestream.parameterserver.Header;
import io.tapestream.parameterserver.Message;
import io.tapestream.parameterserver.Message.Contribution;
import io.tapestream.parameterserver.Message.Join;
import io.tapestream.parameterserver.Message.Leave;
import io.tapestream.parameterserver.Message.Skip;
import io.tapestream.parameterserver.ParameterServer;
import io.tapestream.parameterserver.Weights;
import io.tapestream.parameterserver.consistency.Consistency;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.apache.kafka.common.TopicPartition;

/**
 * Virtual workers, each in a process of its own, and a parameter server of one block, in a time
 * that is made up: records arrive in bursts, messages and weights take as long as they like.
 */
final class PolicySimulation {

  static final int BATCH = 4;
  private static final int VALUES = 3;
  private static final int PATIENCE = 100_000; // ticks in which everything must have ended
  private static final int JOINING = 100; // the tick of a join, when most records are to come
  private static final byte[] VALUE = {1};

  private final Random random;
  private final SourcePolicies policies;
  private final Consistency consistency;
  private final BlockLayout layout = BlockLayout.ofElements(VALUES, VALUES, VALUES);
  private int[] records; // by partition
  private int later; // records of a partition that joins, 0 if none does
  private final ParameterServer server;
  private final Block block;
  private final List<WeightReplica> replicas = new ArrayList<>();
  private final List<VirtualWorker> workers = new ArrayList<>();
  private final List<ArrayDeque<Message.Turn>> up = new ArrayList<>();
  private final List<ArrayDeque<Weights>> down = new ArrayList<>();

  /**
   * @param seed decides how long everything takes
   * @param records that each partition gets before it ends
   */
  PolicySimulation(long seed, Consistency consistency, SourcePolicies policies, int... records) {
    this.random = new Random(seed);
    this.policies = policies;
    this.records = records;
    this.server = new ParameterServer(new Sgd(0.1), consistency, true);
    this.block = server.fresh(layout.block(0), new float[VALUES], records.length);
    this.consistency = consistency;
    for (int vw = 0; vw < records.length; vw++) {
      addWorker(vw);
    }
  }

  private void addWorker(int vw) {
    WeightReplica replica = new WeightReplica(layout, consistency);
    GatedSplit split = GatedSplit.starting(partition(vw), 0, GatedSplit.UNBOUNDED);
    replicas.add(replica);
    workers.add(new VirtualWorker(vw, split, null, BATCH, replica, policies));
    up.add(new ArrayDeque<>());
    down.add(new ArrayDeque<>(List.of(copy(block.weights()))));
  }

  /** Lets another partition, of so many records, join while the others train. */
  PolicySimulation joinedBy(int more) {
    later = more;
    return this;
  }

  private void join() {
    int vw = records.length;
    records = Arrays.copyOf(records, vw + 1);
    records[vw] = later;
    server
        .accept(block, new Join(0, vw, 0))
        .ifPresent(weights -> down.forEach(way -> way.add(copy(weights))));
    addWorker(vw);
  }

  static TopicPartition partition(int vw) {
    return new TopicPartition("clicks", vw);
  }

  /**
   * Lets records arrive, a burst here and a silence there, until all have and every worker has
   * left.
   *
   * @param chance of a record for each partition and tick; 1 for all at once
   * @throws AssertionError if training comes to a halt
   */
  Block run(double chance) {
    int[] arrived = new int[records.length + 1];
    boolean silent = false;
    for (int now = 0; now < PATIENCE; now++) {
      silent = chance < 1 && (random.nextInt(200) == 0 ? !silent : silent);
      if (now == JOINING && later > 0) {
        join();
      }
      boolean left = later == 0 || now >= JOINING;
      for (int vw = 0; vw < records.length; vw++) {
        if (!silent) {
          arrive(vw, arrived, chance < 1 ? chance / (1 + vw) : 1);
        }
        deliver(vw);
        VirtualWorker worker = workers.get(vw);
        if (worker.move(now) != Move.WAIT) {
          send(vw, worker.take(now));
        }
        left &= worker.cutter().hasLeft() && up.get(vw).isEmpty();
      }
      if (left) {
        return block;
      }
    }
    throw new AssertionError("training has come to a halt in round " + block.round());
  }

  private void arrive(int vw, int[] arrived, double chance) {
    MiniBatchCutter cutter = workers.get(vw).cutter();
    while (arrived[vw] < records[vw] && (chance == 1 || random.nextDouble() < chance)) {
      cutter.add(arrived[vw]++, 0, VALUE, 1);
    }
    if (arrived[vw] == records[vw] && !cutter.hasEnded()) {
      cutter.end();
    }
  }

  private void deliver(int vw) {
    if (!up.get(vw).isEmpty() && random.nextInt(3) == 0) {
      server
          .accept(block, up.get(vw).remove())
          .ifPresent(weights -> down.forEach(way -> way.add(copy(weights))));
    }
    if (!down.get(vw).isEmpty() && random.nextInt(3) == 0) {
      replicas.get(vw).receive(down.get(vw).remove());
    }
  }

  private void send(int vw, Turn turn) {
    if (turn instanceof SkippedRound skipped) {
      up.get(vw).add(new Skip(0, vw, skipped.index(), skipped.round()));
    } else if (turn instanceof MiniBatch batch) {
      if (!batch.isEmpty()) {
        up.get(vw).add(contribution(vw, batch));
      }
      if (batch.last()) {
        long batches = batch.isEmpty() ? batch.index() : batch.index() + 1;
        up.get(vw).add(new Leave(0, vw, batches));
      }
    }
  }

  /** A gradient that tells records apart, so that any other sum has other bits. */
  private static Contribution contribution(int vw, MiniBatch batch) {
    float[] gradient = new float[VALUES];
    for (RawRecord record : batch.records()) {
      for (int i = 0; i < VALUES; i++) {
        gradient[i] += (float) Math.sin(1 + vw + 7 * (double) record.offset() + 31.0 * i);
      }
    }
    int n = batch.examples();
    Header header = new Header(n, 0, new double[0], new double[0], n);
    return new Contribution(0, vw, batch.index(), batch.nextOffset(), new Dense(gradient), header);
  }

  private static Weights copy(Weights live) {
    return new Weights(
        live.block(),
        live.round(),
        live.applied(),
        live.rounds(),
        live.busyRounds(),
        live.values().clone());
  }
}
