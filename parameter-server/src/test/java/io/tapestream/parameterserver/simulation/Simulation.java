package io.tapestream.parameterserver.simulation;

import static org.assertj.core.api.Assertions.assertThat;

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
import io.tapestream.parameterserver.Message.Scale;
import io.tapestream.parameterserver.Message.Skip;
import io.tapestream.parameterserver.ParameterServer;
import io.tapestream.parameterserver.Reply;
import io.tapestream.parameterserver.RoundSum;
import io.tapestream.parameterserver.Weights;
import io.tapestream.parameterserver.consistency.Consistency;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One training run in which everything that may vary does, by one seed: the speed of every channel,
 * so that messages of different workers overtake each other; the rounds that are skipped; the
 * moments at which checkpoints cut and attempts crash; the number of trainers and shards of each
 * attempt; who joins at a restore. Barriers travel and align as Flink's do; weights travel outside
 * of any checkpoint. Those of an abandoned attempt are taken for lost: that none is used is the
 * hand-over's promise, and its tests'.
 *
 * <pre>
 * workers of trainer t ──(t, s): Message | Barrier──► blocks of shard s
 *          ▲                                              │
 *          └──────────(s, t): Weights | RoundSum──────────┘
 * </pre>
 */
final class Simulation {

  private static final int JOINS = 2;

  private static final int UNKNOWN = -1;

  /** What a forward channel carries: a message in its sender's round, or a barrier. */
  private record Item(@Nullable Message message, long round) {}

  /**
   * A mode under test.
   *
   * @param staleness the most rounds before a batch's own that its weights may lack
   */
  record Mode(Consistency consistency, long staleness) {
    @Override
    public String toString() {
      return consistency.toString();
    }
  }

  private record Snapshot(Map<Integer, byte[]> blocks, List<Worker> workers, int joins) {}

  /** A trainer's process: what it hosts, and the weights that it has been handed. */
  private static final class Trainer {
    final Weights[] replica;
    final RoundSum[] sums;
    final Queue<RoundSum[]> unanswered = new ArrayDeque<>(); // rounds that all blocks told of
    boolean barrierSent;

    Trainer(int blocks) {
      replica = new Weights[blocks];
      sums = new RoundSum[blocks];
    }

    boolean isComplete() {
      return Arrays.stream(replica).noneMatch(Objects::isNull);
    }
  }

  private static final class Shard {
    final Map<Integer, Block> blocks = new TreeMap<>();
    final List<Queue<Item>> inputs = new ArrayList<>();
    final List<Queue<Reply>> outputs = new ArrayList<>();
    final List<Boolean> aligned = new ArrayList<>();
    boolean snapshotTaken;
  }

  // configuration
  private final Workload workload;
  private final List<Mode> modes;
  private final Random random;
  private final BlockLayout layout;
  private final double slowness;
  private final Checks checks;
  private final Tampering tampering;

  // runtime
  private Mode mode;
  private ParameterServer server;
  private Map<Integer, Long> rounds = new HashMap<>(); // by worker, as this attempt counts them
  private List<Worker> workers = new ArrayList<>();
  private List<Trainer> trainers = new ArrayList<>();
  private List<Shard> shards = new ArrayList<>();
  private boolean checkpointing;
  private Snapshot cut = new Snapshot(new TreeMap<>(), List.of(), 0);
  private Snapshot last;
  private int joins;
  private int crashesLeft;
  private int skipsLeft;

  /** Statistics of the run, to show that it was one worth running. */
  int crashes;

  int checkpoints;
  int joined;
  int skips;
  int stops;
  int clipped;

  /**
   * A run.
   *
   * @param modes each attempt runs under one of them
   * @param workers virtual workers that take part from the start
   */
  Simulation(long seed, Workload workload, List<Mode> modes, int workers) {
    this.workload = workload;
    this.modes = modes;
    this.mode = modes.get(0);
    this.random = new Random(seed);
    this.skipsLeft = random.nextInt(2) * random.nextInt(12);
    this.layout = BlockLayout.ofElements(workload.trained(), workload.size(), 3);
    this.server = server();
    this.checks = new Checks(workload, layout, modes);
    this.tampering = new Tampering(server, mode.consistency(), random);
    this.slowness = random.nextDouble();
    this.crashesLeft = random.nextInt(5);
    Map<Integer, byte[]> fresh = new TreeMap<>();
    for (BlockRange range : layout.blocks()) {
      fresh.put(range.index(), Formats.bytes(server.fresh(range, workload.initial(), workers)));
    }
    List<Worker> initial = new ArrayList<>();
    for (int id = 0; id < workers; id++) {
      initial.add(Worker.fresh(id, random.nextInt(batchesPerWorker() + 1), 0));
    }
    this.last = new Snapshot(fresh, initial, 0);
    restore();
  }

  private ParameterServer server() {
    return new ParameterServer(
        workload.optimizer(),
        mode.consistency(),
        workload.meanLoss(),
        workload.stopAfter(),
        workload.roundClipping().isPresent() && mode.consistency().sumsRounds());
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
      if (possible.isEmpty()) {
        resubmit();
        continue;
      }
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

  /**
   * After too many skipped batches in a row another submission goes on from the last checkpoint.
   */
  private void resubmit() {
    Map<Integer, Block> blocks = new TreeMap<>();
    shards.forEach(shard -> blocks.putAll(shard.blocks));
    checks.stop(blocks.values());
    stops++;
    Map<Integer, byte[]> goingOn = new TreeMap<>();
    blocks.forEach(
        (b, block) -> {
          server.goOn(block);
          goingOn.put(b, Formats.bytes(block));
        });
    last = new Snapshot(goingOn, new ArrayList<>(workers), joins);
    restore();
  }

  /** The workers as they ended, by index. */
  List<Worker> workers() {
    return workers;
  }

  /** A shard's block, of any one shard: all agree. */
  Block anyBlock() {
    return shards.get(0).blocks.values().iterator().next();
  }

  int tampered() {
    return tampering.tried;
  }

  /**
   * R4: a trainer ends when the weights at hand hold the last batch of each worker that it hosts.
   */
  private boolean finished() {
    for (int vw = 0; vw < workers.size(); vw++) {
      Worker worker = workers.get(vw);
      if (!worker.left() || !host(vw).isComplete()) {
        return false;
      }
      for (Weights part : host(vw).replica) {
        if (part.applied()[vw] < worker.batches()) {
          return false;
        }
      }
    }
    return shards.stream().flatMap(s -> s.inputs.stream()).allMatch(Queue::isEmpty);
  }

  private List<Runnable> possibleActions() {
    List<Runnable> actions = new ArrayList<>();
    for (int vw = 0; vw < workers.size(); vw++) {
      if (mayStart(vw)) {
        int index = vw;
        actions.add(() -> takeTurn(index));
      }
    }
    for (Trainer trainer : trainers) {
      if (checkpointing && !trainer.barrierSent) {
        actions.add(() -> sendBarrier(trainer));
      }
      if (!trainer.unanswered.isEmpty()) {
        actions.add(() -> scale(trainer));
      }
    }
    for (Shard shard : shards) {
      for (int t = 0; t < trainers.size(); t++) {
        int input = t;
        if (!shard.inputs.get(t).isEmpty() && !shard.aligned.get(t)) {
          actions.add(() -> deliver(shard, input));
        }
        if (!shard.outputs.get(t).isEmpty()) {
          actions.add(() -> handOver(trainers.get(input), shard.outputs.get(input).remove()));
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
    if (!worker.hasBatch()) {
      return true;
    }
    Trainer host = host(vw);
    if (!host.isComplete()) {
      return false;
    }
    long round = roundOf(vw, worker, host);
    return Arrays.stream(host.replica)
        .allMatch(part -> mode.consistency().mayStart(round, part.round()));
  }

  /** The first weights of an attempt tell it; from then on the trainer counts turns. */
  private long roundOf(int vw, Worker worker, Trainer host) {
    long round =
        rounds.computeIfAbsent(worker.id(), id -> host.replica[0].roundOf(vw, worker.next()));
    assertThat(round).as("R5: the round of a worker's next batch").isEqualTo(worker.round());
    return round;
  }

  private void takeTurn(int vw) {
    Worker worker = workers.get(vw);
    if (worker.hasBatch() && skipsLeft > 0 && random.nextInt(4) == 0) {
      skipsLeft--;
      skips++;
      for (BlockRange range : layout.blocks()) {
        send(vw, new Skip(range.index(), vw, worker.next(), worker.round()));
      }
      workers.set(vw, worker.skipped());
    } else {
      workers.set(vw, train(vw, worker));
    }
    rounds.computeIfPresent(worker.id(), (id, round) -> workers.get(vw).round());
  }

  private Worker train(int vw, Worker worker) {
    Worker after = worker;
    if (worker.hasBatch()) {
      float[] weights = new float[layout.size()];
      for (Weights part : host(vw).replica) {
        checks.freshness(worker, mode.staleness(), part, workers);
        int from = layout.block(part.block()).from();
        float[] values = part.values();
        System.arraycopy(values, 0, weights, from, values.length);
      }
      float[] result = workload.contribution(worker.id(), worker.next(), weights);
      double weight = workload.weight(worker.id(), worker.next());
      Header header =
          weight == 0
              ? Header.skipped(1)
              : new Header(weight, weight, new double[0], new double[0], 1);
      for (BlockRange range : layout.blocks()) {
        Gradient gradient =
            weight == 0
                ? new None()
                : new Dense(Arrays.copyOfRange(result, range.from(), range.to()));
        long nextOffset = worker.next() + 1;
        send(vw, new Contribution(range.index(), vw, worker.next(), nextOffset, gradient, header));
      }
      after = worker.sent();
    }
    if (!after.hasBatch()) {
      for (BlockRange range : layout.blocks()) {
        send(vw, new Leave(range.index(), vw, after.next()));
      }
      after = after.leaving();
    }
    return after;
  }

  private void send(int vw, Message.Turn message) {
    long round = workers.get(vw).round();
    shardOf(message.block()).inputs.get(vw % trainers.size()).add(new Item(message, round));
  }

  /** R15: answers the sums of a round that all blocks have told of, in one go. */
  private void scale(Trainer trainer) {
    RoundSum[] sums = trainer.unanswered.remove();
    double[] squares = Arrays.stream(sums).mapToDouble(RoundSum::squares).toArray();
    double factor = workload.roundClipping().orElseThrow().factor(squares);
    clipped += factor < 1 ? 1 : 0;
    for (RoundSum sum : sums) {
      Message scale = new Scale(sum.block(), sum.round(), factor);
      int t = trainers.indexOf(trainer);
      shardOf(sum.block()).inputs.get(t).add(new Item(scale, UNKNOWN));
    }
  }

  private static void handOver(Trainer trainer, Reply reply) {
    if (reply instanceof Weights weights) {
      trainer.replica[weights.block()] = weights;
    } else if (reply instanceof RoundSum sum) {
      trainer.sums[sum.block()] = sum;
      if (Arrays.stream(trainer.sums).allMatch(s -> s != null && s.round() == sum.round())) {
        trainer.unanswered.add(trainer.sums.clone());
      }
    }
  }

  // ---- shards

  private Shard shardOf(int block) {
    return shards.get(block % shards.size());
  }

  private void deliver(Shard shard, int input) {
    Item item = shard.inputs.get(input).remove();
    Message message = item.message();
    if (message == null) {
      shard.aligned.set(input, true);
      if (!shard.aligned.contains(false)) {
        shard.blocks.forEach((b, block) -> cut.blocks().put(b, cut(block)));
        shard.snapshotTaken = true;
        shard.aligned.replaceAll(a -> false);
      }
      return;
    }
    Block block = shard.blocks.get(message.block());
    boolean waited = server.waits(block);
    if (message instanceof Message.Turn turn) {
      tampering.before(block, turn);
      server.accept(block, turn).ifPresent(weights -> emit(shard, weights));
      tampering.after(block, turn, item.round());
    } else if (message instanceof Scale scale) {
      server.accept(block, scale).ifPresent(weights -> emit(shard, weights));
      tampering.afterScale(block, scale);
    }
    if (!waited && server.waits(block)) {
      tell(shard, server.roundSum(block));
    }
  }

  /** A block as a checkpoint holds it; its version leaves at the same moment. */
  private byte[] cut(Block block) {
    byte[] bytes = Formats.bytes(block);
    checks.version(block, bytes);
    return bytes;
  }

  private static void tell(Shard shard, RoundSum sum) {
    shard.outputs.forEach(output -> output.add(sum));
  }

  private void emit(Shard shard, Weights weights) {
    checks.contents(weights, workers);
    for (Queue<Reply> output : shard.outputs) {
      Weights copy =
          new Weights(
              weights.block(),
              weights.round(),
              weights.applied(),
              weights.rounds(),
              weights.busyRounds(),
              weights.values().clone());
      output.add(copy);
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
    shards.forEach(shard -> shard.inputs.get(t).add(new Item(null, UNKNOWN)));
  }

  private void completeCheckpoint() {
    if (checkpointing && shards.stream().allMatch(shard -> shard.snapshotTaken)) {
      checkpointing = false;
      last = cut;
      checkpoints++;
      checks.cut(cut.blocks().values(), cut.workers());
    }
  }

  /** Starts a new attempt from the last checkpoint, with other parallelisms. */
  private void restore() {
    checkpointing = false;
    rounds = new HashMap<>();
    Mode before = mode;
    mode = modes.get(random.nextInt(modes.size()));
    server = server();
    tampering.newAttempt(server, mode.consistency());
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
    boolean joining = crashes > 0 && joins < JOINS && random.nextBoolean();
    if (joining || !mode.equals(before)) { // another submission
      shards.forEach(shard -> shard.blocks.values().forEach(server::goOn));
    }
    if (joining) {
      join();
    }
    for (Shard shard : shards) {
      for (Block block : shard.blocks.values()) {
        emit(shard, block.weights());
        if (server.waits(block)) {
          tell(shard, server.roundSum(block));
        }
      }
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
    workers.add(vw, Worker.fresh(workers.size(), batches, firstRound));
    joins++;
    joined++;
  }
}
