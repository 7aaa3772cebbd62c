package io.tapestream.parameterserver.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.parameterserver.Block;
import io.tapestream.parameterserver.BlockLayout;
import io.tapestream.parameterserver.BlockRange;
import io.tapestream.parameterserver.Formats;
import io.tapestream.parameterserver.Gradient;
import io.tapestream.parameterserver.Gradient.Dense;
import io.tapestream.parameterserver.Gradient.None;
import io.tapestream.parameterserver.Header;
import io.tapestream.parameterserver.Message;
import io.tapestream.parameterserver.Message.Contribution;
import io.tapestream.parameterserver.Message.Join;
import io.tapestream.parameterserver.Message.Leave;
import io.tapestream.parameterserver.ParameterServer;
import io.tapestream.parameterserver.ProtocolException;
import io.tapestream.parameterserver.Weights;
import io.tapestream.parameterserver.consistency.Consistency;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.TreeMap;

/**
 * One training run in which everything that may vary does, by one seed: the speed of every channel,
 * so that messages of different workers overtake each other; the moments at which checkpoints cut
 * and attempts crash; the number of trainers and shards of each attempt; who joins at a restore.
 * Barriers travel and align as Flink's do; weights travel outside of any checkpoint.
 *
 * <pre>
 * workers of trainer t ──(t, s): Message | Barrier──► blocks of shard s
 *          ▲                                              │
 *          └──────────────(s, t): Weights─────────────────┘
 * </pre>
 */
final class Simulation {

  private static final int JOINS = 2;

  /** What a forward channel carries: a message, or a barrier, which has none. */
  private record Item(Message message, boolean barrier) {}

  private record Snapshot(Map<Integer, byte[]> blocks, List<Worker> workers, int joins) {}

  /** A trainer's process: what it hosts, and the weights that it has been handed. */
  private static final class Trainer {
    final Weights[] replica;
    boolean barrierSent;

    Trainer(int blocks) {
      replica = new Weights[blocks];
    }
  }

  private static final class Shard {
    final Map<Integer, Block> blocks = new TreeMap<>();
    final List<Queue<Item>> inputs = new ArrayList<>();
    final List<Queue<Weights>> outputs = new ArrayList<>();
    final List<Boolean> aligned = new ArrayList<>();
    boolean snapshotTaken;
  }

  // configuration
  private final Workload workload;
  private final Consistency consistency;
  private final int staleness;
  private final Random random;
  private final BlockLayout layout;
  private final ParameterServer server;
  private final double slowness;

  // runtime
  private List<Worker> workers = new ArrayList<>();
  private List<Trainer> trainers = new ArrayList<>();
  private List<Shard> shards = new ArrayList<>();
  private boolean checkpointing;
  private Snapshot cut = new Snapshot(new TreeMap<>(), List.of(), 0);
  private Snapshot last;
  private int joins;
  private int crashesLeft;

  /** Statistics of the run, to show that it was one worth running. */
  int crashes;

  int checkpoints;
  int repeats;

  Simulation(long seed, Workload workload, Consistency consistency, int staleness, int workers) {
    this.workload = workload;
    this.consistency = consistency;
    this.staleness = staleness;
    this.random = new Random(seed);
    this.layout = BlockLayout.ofElements(workload.trained(), workload.size(), 3);
    this.server = new ParameterServer(workload.optimizer(), consistency, workload.meanLoss());
    this.slowness = random.nextDouble();
    this.crashesLeft = random.nextInt(5);
    Map<Integer, byte[]> fresh = new TreeMap<>();
    for (BlockRange range : layout.blocks()) {
      fresh.put(range.index(), Formats.bytes(server.fresh(range, workload.initial(), workers)));
    }
    List<Worker> initial = new ArrayList<>();
    for (int id = 0; id < workers; id++) {
      initial.add(new Worker(id, random.nextInt(batchesPerWorker() + 1), 0, 0, false));
    }
    this.last = new Snapshot(fresh, initial, 0);
    restore();
  }

  /** The most batches that a worker may have. */
  static int batchesPerWorker() {
    return 6;
  }

  /** The most workers that a run which starts with so many may end with. */
  static int mostWorkers(int initial) {
    return initial + JOINS;
  }

  /** Runs until every batch is in the weights, and returns them. */
  float[] run() {
    while (!finished()) {
      List<Runnable> possible = possibleActions();
      assertThat(possible).as("I1: something can always happen until all is learned").isNotEmpty();
      possible.get(random.nextInt(possible.size())).run();
      completeCheckpoint();
      if (!checkpointing && random.nextInt(25) == 0) {
        startCheckpoint();
      }
      if (crashesLeft > 0 && random.nextInt(60) == 0) {
        crashesLeft--;
        crashes++;
        restore();
      }
    }
    float[] weights = new float[layout.size()];
    for (Shard shard : shards) {
      shard.blocks.forEach(
          (b, block) ->
              System.arraycopy(
                  block.values(), 0, weights, layout.block(b).from(), block.values().length));
    }
    return weights;
  }

  /** The workers as they ended, by index. */
  List<Worker> workers() {
    return workers;
  }

  /** A shard's blocks, of any one shard: all agree. */
  Block anyBlock() {
    return shards.get(0).blocks.values().iterator().next();
  }

  private boolean finished() {
    long[] all = workers.stream().mapToLong(Worker::batches).toArray();
    return workers.stream().allMatch(Worker::left)
        && shards.stream()
            .flatMap(shard -> shard.blocks.values().stream())
            .allMatch(block -> Arrays.equals(block.weights().applied(), all))
        && shards.stream().flatMap(s -> s.inputs.stream()).allMatch(Queue::isEmpty);
  }

  private List<Runnable> possibleActions() {
    List<Runnable> actions = new ArrayList<>();
    for (int vw = 0; vw < workers.size(); vw++) {
      if (mayStart(vw)) {
        int index = vw;
        actions.add(() -> train(index));
      }
    }
    for (Trainer trainer : trainers) {
      if (checkpointing && !trainer.barrierSent) {
        actions.add(() -> sendBarrier(trainer));
      }
    }
    for (Shard shard : shards) {
      for (int t = 0; t < trainers.size(); t++) {
        int input = t;
        if (!shard.inputs.get(t).isEmpty() && !shard.aligned.get(t)) {
          actions.add(() -> deliver(shard, input));
        }
        if (!shard.outputs.get(t).isEmpty()) {
          actions.add(() -> handOver(shard.outputs.get(input).remove(), trainers.get(input)));
        }
      }
    }
    // A slow run keeps to its first few actions and lets the other channels wait.
    int kept = Math.max(1, (int) Math.ceil(actions.size() * (1 - slowness)));
    return actions.subList(0, Math.min(kept + random.nextInt(2), actions.size()));
  }

  // ---- trainers

  private Trainer host(int vw) {
    return trainers.get(vw % trainers.size());
  }

  private boolean mayStart(int vw) {
    Worker worker = workers.get(vw);
    if (worker.left()) {
      return false;
    }
    return worker.batches() == 0
        || Arrays.stream(host(vw).replica)
            .allMatch(
                w -> w != null && consistency.mayStart(w.roundOf(vw, worker.next()), w.round()));
  }

  private void train(int vw) {
    Worker worker = workers.get(vw);
    if (worker.next() < worker.batches()) {
      checkStaleness(vw);
      float[] weights = new float[layout.size()];
      for (Weights part : host(vw).replica) {
        int from = layout.block(part.block()).from();
        System.arraycopy(part.values(), 0, weights, from, part.values().length);
      }
      float[] result = workload.contribution(worker.id(), worker.next(), weights);
      double weight = workload.weight(worker.id(), worker.next());
      Header header = new Header(weight, weight, new double[0], new double[0], 1);
      for (BlockRange range : layout.blocks()) {
        Gradient gradient =
            weight == 0
                ? new None()
                : new Dense(Arrays.copyOfRange(result, range.from(), range.to()));
        long nextOffset = worker.next() + 1;
        send(vw, new Contribution(range.index(), vw, worker.next(), nextOffset, gradient, header));
      }
      worker = worker.sent();
    }
    if (worker.next() == worker.batches()) {
      for (BlockRange range : layout.blocks()) {
        send(vw, new Leave(range.index(), vw, worker.next()));
      }
      worker = worker.leaving();
    }
    workers.set(vw, worker);
  }

  /** I3, from what the weights hold rather than from what the policy says. */
  private void checkStaleness(int vw) {
    Worker worker = workers.get(vw);
    long oldest = worker.firstRound() + worker.next() - staleness;
    for (Weights part : host(vw).replica) {
      for (int other = 0; other < workers.size(); other++) {
        Worker u = workers.get(other);
        long needed = Math.min(u.batches(), oldest - u.firstRound());
        assertThat(part.applied()[other])
            .as("I3: batches of worker %d in the weights of block %d", other, part.block())
            .isGreaterThanOrEqualTo(needed);
        if (staleness == 0) {
          assertThat(part.applied()[other])
              .as("I3: with bound 0 nothing of the open round either")
              .isEqualTo(Math.max(0, needed));
        }
      }
    }
  }

  private void send(int vw, Message message) {
    shardOf(message.block()).inputs.get(vw % trainers.size()).add(new Item(message, false));
  }

  private static void handOver(Weights weights, Trainer trainer) {
    trainer.replica[weights.block()] = weights;
  }

  // ---- shards

  private Shard shardOf(int block) {
    return shards.get(block % shards.size());
  }

  private void deliver(Shard shard, int input) {
    Item item = shard.inputs.get(input).remove();
    if (item.barrier()) {
      shard.aligned.set(input, true);
      if (!shard.aligned.contains(false)) {
        shard.blocks.forEach((b, block) -> cut.blocks().put(b, Formats.bytes(block)));
        shard.snapshotTaken = true;
        shard.aligned.replaceAll(a -> false);
      }
      return;
    }
    Block block = shard.blocks.get(item.message().block());
    server.accept(block, item.message()).ifPresent(weights -> emit(shard, weights));
    if (random.nextInt(10) == 0) {
      repeats++;
      byte[] before = Formats.bytes(block);
      assertThatThrownBy(() -> server.accept(block, item.message()))
          .as("I1: a repeated message is refused")
          .isInstanceOf(ProtocolException.class);
      assertThat(Formats.bytes(block)).as("I1: and changes nothing").isEqualTo(before);
    }
  }

  private static void emit(Shard shard, Weights weights) {
    for (Queue<Weights> output : shard.outputs) {
      output.add(
          new Weights(
              weights.block(),
              weights.round(),
              weights.applied(),
              weights.rounds(),
              weights.values().clone()));
    }
  }

  // ---- checkpoints and crashes

  private void startCheckpoint() {
    checkpointing = true;
    cut = new Snapshot(new TreeMap<>(), new ArrayList<>(workers), joins);
    trainers.forEach(trainer -> trainer.barrierSent = false);
    shards.forEach(shard -> shard.snapshotTaken = false);
  }

  private void sendBarrier(Trainer trainer) {
    trainer.barrierSent = true;
    int t = trainers.indexOf(trainer);
    for (int vw = t; vw < workers.size(); vw += trainers.size()) {
      cut.workers().set(vw, workers.get(vw));
    }
    shards.forEach(shard -> shard.inputs.get(t).add(new Item(null, true)));
  }

  private void completeCheckpoint() {
    if (checkpointing && shards.stream().allMatch(shard -> shard.snapshotTaken)) {
      checkpointing = false;
      last = cut;
      checkpoints++;
    }
  }

  /** Starts a new attempt from the last checkpoint, with other parallelisms. */
  private void restore() {
    checkpointing = false;
    workers = new ArrayList<>(last.workers());
    joins = last.joins();
    trainers = new ArrayList<>();
    shards = new ArrayList<>();
    for (int t = 1 + random.nextInt(4); t > 0; t--) {
      trainers.add(new Trainer(layout.count()));
    }
    for (int s = 1 + random.nextInt(3); s > 0; s--) {
      Shard shard = new Shard();
      trainers.forEach(
          trainer -> {
            shard.inputs.add(new ArrayDeque<>());
            shard.outputs.add(new ArrayDeque<>());
            shard.aligned.add(false);
          });
      shards.add(shard);
    }
    last.blocks().forEach((b, bytes) -> shardOf(b).blocks.put(b, Formats.block(bytes)));
    if (crashes > 0 && joins < JOINS && random.nextBoolean()) {
      join();
    }
    for (Shard shard : shards) {
      shard.blocks.values().forEach(block -> emit(shard, block.weights()));
    }
  }

  private void join() {
    int vw = random.nextInt(workers.size() + 1);
    long firstRound = -1;
    for (BlockRange range : layout.blocks()) {
      Block block = shardOf(range.index()).blocks.get(range.index());
      server.accept(block, new Join(range.index(), vw, 0));
      long round = block.weights().roundOf(vw, 0);
      assertThat(firstRound).as("all blocks agree on the round").isIn(-1L, round);
      firstRound = round;
    }
    int batches = 1 + random.nextInt(batchesPerWorker());
    workers.add(vw, new Worker(workers.size(), batches, firstRound, 0, false));
    joins++;
  }
}
