package io.tapestream.parameterserver;

import io.tapestream.optimizers.Granule;
import io.tapestream.optimizers.Optimizer;
import io.tapestream.optimizers.Step;
import io.tapestream.parameterserver.Message.Contribution;
import io.tapestream.parameterserver.Message.Join;
import io.tapestream.parameterserver.Message.Leave;
import io.tapestream.parameterserver.Message.Lost;
import io.tapestream.parameterserver.Message.Scale;
import io.tapestream.parameterserver.Message.Skip;
import io.tapestream.parameterserver.consistency.Consistency;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The parameter server: a pure transition of one {@link Block} by one {@link Message}. Blocks know
 * nothing of each other; they agree because each virtual worker sends the same sequence to all.
 *
 * <pre>
 * message       allowed if                            then
 * ───────────── ───────────────────────────────────── ──────────────────────────────────────────
 * Contribution  its sender is active, its batch is    the sender's clock ticks; the contribution is
 *               the next one (R1), the consistency    held until all awaited virtual workers before
 *               lets that batch start (I3)            it are in the sum (R13), then added (I2)
 * Skip          as a contribution of its batch, and   the sender's clock moves to the next round; its
 *               its round is the one in which that      batch stays the next one (R5)
 *               batch would count
 * Lost          the sender is active, and its batch   the first block writes it into the sender's
 *               is the next one                       course (R6)
 * Leave         the sender is active, and all its     no round waits for the sender any more (R4)
 *               batches have come
 * Join          its index is at most the number       a clock is inserted at the index, for the
 *               of virtual workers                    round after the open one (R3)
 * Scale         its round is the open one and waits   the round closes as below, what the optimizer
 *               for it, or has closed before          steps with multiplied by the factor; a repeat
 *                                                     changes nothing (R15)
 *
 * after any of them, while all active clocks have passed the open round (or, where nobody is active,
 * any clock has, so that the order in which the last ones left does not matter):
 *               the sum weighs more than 0            a mean loss divides it; the optimizer steps (R2)
 *               the sum weighs 0                      values, slots and applied stay (R2)
 *               in both cases                         the round closes
 * </pre>
 *
 * <p>Where rounds are clipped, one whose sum weighs more than 0 doesn't close at once: it
 * {@linkplain #waits waits}, and its {@link RoundSum} leaves. Trainers add those of all blocks up
 * and answer with a Scale. That a round waits follows from its clocks and its weight, so it is no
 * state of its own.
 *
 * <p>In every mode weights leave at the first contribution after a round that closed empty: virtual
 * workers that skip rounds wait in silence, and so learn that a round waits for them (R5).
 *
 * <p>A mode that does not sum rounds applies each contribution when it arrives; the round still
 * closes when the slowest clock has passed it. When weights leave is the mode's to say (R16). A
 * block that was cut under one mode may go on under another.
 *
 * <p>A contribution that was skipped weighs nothing, but is counted: after so many in a row, in the
 * order of adding, the block stops. Then it still takes what comes, so that nothing is lost, but no
 * round closes and no weights leave until it is told to {@linkplain #goOn go on}.
 *
 * <p>Statistics, learned but not trained, are not stepped: the new values are the weighted mean of
 * what the virtual workers contribute.
 *
 * <p>An instance keeps no state but spare arrays, and belongs to one thread.
 */
public final class ParameterServer {

  private static final int PIECE = 2 * 1024; // with gradient and two slots, old and new, 56 KiB

  // configuration
  private final Optimizer optimizer;
  private final Consistency consistency;
  private final boolean meanLoss;
  private final long stopAfter;
  private final boolean clipsRounds;

  // runtime: for each block length the arrays that the next update is computed in
  private final Map<Integer, float[][]> spares = new HashMap<>();

  /**
   * Makes a server.
   *
   * @param optimizer steps each trained block
   * @param consistency decides which batches may start, and when contributions are applied
   * @param meanLoss whether the sum of a round's gradients is divided by the sum of its weights
   */
  public ParameterServer(Optimizer optimizer, Consistency consistency, boolean meanLoss) {
    this(optimizer, consistency, meanLoss, Long.MAX_VALUE);
  }

  /**
   * Makes a server that stops.
   *
   * @param optimizer as above
   * @param consistency as above
   * @param meanLoss as above
   * @param stopAfter a block stops after this many skipped batches in a row
   */
  public ParameterServer(
      Optimizer optimizer, Consistency consistency, boolean meanLoss, long stopAfter) {
    this(optimizer, consistency, meanLoss, stopAfter, false);
  }

  /**
   * Makes a server that may clip the gradient of a whole round.
   *
   * @param optimizer as above
   * @param consistency as above
   * @param meanLoss as above
   * @param stopAfter as above
   * @param clipsRounds whether a round that is complete waits for its {@link Message.Scale}
   * @throws IllegalArgumentException if that is asked for where no round is summed
   */
  public ParameterServer(
      Optimizer optimizer,
      Consistency consistency,
      boolean meanLoss,
      long stopAfter,
      boolean clipsRounds) {
    if (clipsRounds && !consistency.sumsRounds()) {
      throw new IllegalArgumentException(
          "%s applies contributions one by one, so there is no sum to clip; clip each batch, or be synchronous"
              .formatted(consistency));
    }
    this.clipsRounds = clipsRounds;
    this.stopAfter = stopAfter;
    this.optimizer = optimizer;
    this.consistency = consistency;
    this.meanLoss = meanLoss;
  }

  /**
   * A block before the first round.
   *
   * @param initial the initial values of the whole flat vector, of which the block takes its slice
   * @param virtualWorkers the number of virtual workers, all of which take part from round 0
   */
  public Block fresh(BlockRange range, float[] initial, int virtualWorkers) {
    float[] values = Arrays.copyOfRange(initial, range.from(), range.to());
    float[][] slots = range.trained() ? optimizer.newSlots(values.length) : new float[0][];
    Block block = new Block(range, values, slots, new float[values.length]);
    for (int vw = 0; vw < virtualWorkers; vw++) {
      block.clocks.add(Clock.of(range));
    }
    return block;
  }

  /**
   * Lets a block take a message. The block keeps the message's arrays.
   *
   * @return the weights, if they leave now
   * @throws ProtocolException if the message is not allowed; the block is unchanged
   * @throws NonFiniteException if an update would not be finite; it is not applied (I6)
   */
  public Optional<Weights> accept(Block block, Message.Turn message) {
    if (message.block() != block.range.index()) {
      throw refusal(block, message, "it was delivered to another block");
    }
    long before = block.round;
    boolean silent = block.isSilent();
    if (!consistency.sumsRounds()) {
      applyWaiting(block);
    }
    if (message instanceof Contribution contribution) {
      contribute(block, contribution);
    } else if (message instanceof Skip skip) {
      skip(block, skip);
    } else if (message instanceof Lost lost) {
      active(block, lost).lose(lost.from(), lost.to());
    } else if (message instanceof Leave leave) {
      active(block, leave).active = false;
    } else if (message instanceof Join join) {
      join(block, join);
    }
    advance(block);
    return leaving(block, before, silent);
  }

  /**
   * Lets a block apply the round that {@link #waits}.
   *
   * @return the weights, if they leave now; none for a repeat, and for one that another trainer's
   *     has overtaken
   * @throws ProtocolException if the message is not allowed; the block is unchanged
   * @throws NonFiniteException if the update would not be finite; it is not applied (I6)
   */
  public Optional<Weights> accept(Block block, Scale scale) {
    if (scale.round() < block.round) {
      boolean repeats = scale.round() == block.round - 1 && block.lastFactor != 0;
      if (repeats && scale.factor() != block.lastFactor) {
        throw new ProtocolException(
            "block %d has scaled round %d by %s, and is told %s: trainers do not agree on the round's norm"
                .formatted(block.range.index(), scale.round(), block.lastFactor, scale.factor()));
      }
      return Optional.empty();
    }
    if (scale.round() > block.round || !waits(block)) {
      throw new ProtocolException(
          "block %d is told to scale round %d, but it is in round %d, which %s"
              .formatted(
                  block.range.index(),
                  scale.round(),
                  block.round,
                  waits(block) ? "waits" : "is not complete"));
    }
    long before = block.round;
    boolean silent = block.isSilent();
    closeRound(block, scale.factor());
    block.lastFactor = scale.factor();
    advance(block);
    return leaving(block, before, silent);
  }

  /** Whether the open round is complete, and is applied when its {@link Message.Scale} has come. */
  public boolean waits(Block block) {
    return clipsRounds && !block.stopped && block.sumWeight > 0 && block.round < complete(block);
  }

  /**
   * The part of a block in the norm of the round that waits.
   *
   * @throws NonFiniteException if the sum is not finite
   */
  public RoundSum roundSum(Block block) {
    double squares = 0;
    if (block.range.trained()) {
      float divisor = meanLoss ? (float) block.sumWeight : 1;
      for (float sum : block.sum) {
        double gradient = sum / divisor; // rounded to float, as it is when it is applied
        squares += gradient * gradient;
      }
    }
    if (!Double.isFinite(squares)) {
      throw new NonFiniteException(
          "the gradients of round %d add up to what is no finite number in block %d; nothing was applied. Bound them with guard.maxGradientNorm or clip"
              .formatted(block.round, block.range.index()));
    }
    return new RoundSum(block.range.index(), block.round, squares);
  }

  /** The weights, if they leave after a message. */
  private Optional<Weights> leaving(Block block, long roundBefore, boolean silentBefore) {
    if (block.stopped) {
      return Optional.empty();
    }
    boolean silenceEnds = silentBefore && !block.isSilent();
    boolean leave =
        consistency.weightsLeave(
            block.round - roundBefore, block.unseen, activeVirtualWorkers(block));
    if (leave) {
      block.lastReport = block.newReport;
      block.newReport = Header.NONE;
      block.unseen = 0;
    }
    return leave || silenceEnds ? Optional.of(block.weights()) : Optional.empty();
  }

  /**
   * Lets a block go on under another submission: the count of skipped batches of one that stopped
   * starts anew, and what waited for a scale that this server doesn't ask for is applied.
   */
  public void goOn(Block block) {
    if (block.stopped) {
      block.stopped = false;
      block.skippedInRow = 0;
    }
    advance(block);
  }

  private void advance(Block block) {
    addInOrder(block);
    if (!block.stopped) {
      closeRounds(block);
    }
  }

  private static int activeVirtualWorkers(Block block) {
    int active = 0;
    for (Clock clock : block.clocks) {
      active += clock.active ? 1 : 0;
    }
    return active;
  }

  private void contribute(Block block, Contribution contribution) {
    Clock clock = started(block, contribution);
    Contributions.check(block, contribution);
    block.busyRounds = Math.max(block.busyRounds, clock.round + 1);
    clock.tick(contribution.header().records(), block.clocks.size());
    clock.received = contribution.nextOffset();
    if (consistency.sumsRounds()) {
      clock.held = contribution;
    } else {
      add(block, contribution);
      apply(block, 1);
      clock.apply();
    }
  }

  private void skip(Block block, Skip skip) {
    Clock clock = started(block, skip);
    if (skip.round() != clock.round) {
      throw refusal(
          block,
          skip,
          "it skips round %d, but its next one is round %d".formatted(skip.round(), clock.round));
    }
    clock.round++;
  }

  private static void join(Block block, Join join) {
    if (join.virtualWorker() > block.clocks.size()) {
      throw refusal(
          block, join, "the block knows only %d virtual workers".formatted(block.clocks.size()));
    }
    Clock clock = Clock.of(block.range);
    clock.batch = join.batch();
    clock.applied = join.batch();
    clock.round = block.round + 1;
    block.clocks.add(join.virtualWorker(), clock);
    if (join.virtualWorker() < block.turn) {
      block.turn++;
    }
  }

  /** The sender's clock, if it may begin its next round. */
  private Clock started(Block block, Message.Turn message) {
    Clock clock = active(block, message);
    if (!consistency.mayStart(clock.round, block.round)) {
      throw refusal(
          block,
          message,
          "it counts in round %d, but only %d rounds are complete, too few for %s"
              .formatted(clock.round, block.round, consistency));
    }
    return clock;
  }

  private static Clock active(Block block, Message.Turn message) {
    if (message.virtualWorker() >= block.clocks.size()) {
      throw refusal(
          block, message, "the block knows only %d virtual workers".formatted(block.clocks.size()));
    }
    Clock clock = block.clocks.get(message.virtualWorker());
    if (!clock.active) {
      throw refusal(block, message, "its virtual worker has left");
    }
    if (message.batch() != clock.batch) {
      throw refusal(
          block,
          message,
          "batch %d is expected: batches must arrive once and in order".formatted(clock.batch));
    }
    return clock;
  }

  private static ProtocolException refusal(Block block, Message.Turn message, String reason) {
    return new ProtocolException(
        "block %d refuses the %s of virtual worker %d with batch %d: %s"
            .formatted(
                block.range.index(),
                message.getClass().getSimpleName(),
                message.virtualWorker(),
                message.batch(),
                reason));
  }

  /** Adds held contributions up to the first virtual worker that the round still awaits. */
  private void addInOrder(Block block) {
    for (; block.turn < block.clocks.size() && !block.stopped; block.turn++) {
      Clock clock = block.clocks.get(block.turn);
      Contribution contribution = clock.release();
      if (contribution != null) {
        add(block, contribution);
      } else if (clock.awaitedIn(block.round)) {
        return;
      }
    }
  }

  private void add(Block block, Contribution contribution) {
    if (contribution.header().skipped() > 0) {
      block.skippedInRow++;
      block.stopped |= block.skippedInRow >= stopAfter;
    } else if (contribution.header().weight() > 0) {
      block.skippedInRow = 0;
      block.provenRound = block.trainedRounds();
    }
    Contributions.add(block, contribution);
    block.openReport = block.openReport.plus(contribution.header());
    block.unseen++;
  }

  /** What another mode has left waiting: a block may be restored under this one. */
  private void applyWaiting(Block block) {
    boolean waits = false;
    for (Clock clock : block.clocks) {
      waits |= clock.applied < clock.batch;
      Contribution contribution = clock.release();
      if (contribution != null) {
        add(block, contribution);
      }
    }
    if (waits) {
      apply(block, 1);
      block.clocks.forEach(Clock::apply);
    }
  }

  private void closeRounds(Block block) {
    for (long complete = complete(block); block.round < complete && !waits(block); ) {
      closeRound(block, 1);
      block.lastFactor = 0;
    }
  }

  private void closeRound(Block block, double factor) {
    apply(block, factor);
    block.clocks.forEach(Clock::apply);
    block.round++;
    block.turn = 0;
  }

  /** The rounds that nobody has still to take part in; decided by the clocks alone. */
  private static long complete(Block block) {
    long slowest = Long.MAX_VALUE;
    long fastest = 0;
    for (Clock clock : block.clocks) {
      slowest = clock.active ? Math.min(slowest, clock.round) : slowest;
      fastest = Math.max(fastest, clock.round);
    }
    return Math.min(slowest, fastest);
  }

  /** Applies the sum if it weighs anything, empties it, and counts what was in it. */
  private void apply(Block block, double factor) {
    if (block.sumWeight > 0) {
      float[][] updated = spares.computeIfAbsent(block.values.length, this::newSpares);
      if (block.range.trained()) {
        step(block, updated, factor);
      } else {
        System.arraycopy(block.sum, 0, updated[0], 0, block.sum.length);
        requireFinite(block, updated, 0, block.sum.length);
      }
      float[] values = block.values;
      block.values = updated[0];
      updated[0] = values;
      for (int slot = 0; slot < block.slots.length; slot++) {
        float[] old = block.slots[slot];
        block.slots[slot] = updated[1 + slot];
        updated[1 + slot] = old;
      }
      block.applied++;
      block.sumWeight = 0;
    }
    block.records += block.openReport.records();
    block.report = block.report.plus(block.openReport);
    block.newReport = block.newReport.plus(block.openReport);
    block.openReport = Header.NONE;
  }

  private float[][] newSpares(int length) {
    return new float[1 + optimizer.slots()][length];
  }

  /** Computes the updated values and slots beside the old ones, in pieces that fit a cache. */
  private void step(Block block, float[][] updated, double factor) {
    int length = block.values.length;
    int piece = optimizer.granule() == Granule.ELEMENT ? PIECE : length;
    float[][] slots = Arrays.copyOfRange(updated, 1, updated.length);
    Step next = new Step(block.applied + 1, block.trainedRounds());
    for (int from = 0; from < length; from += piece) {
      int n = Math.min(piece, length - from);
      if (meanLoss) {
        divide(block.sum, from, n, (float) block.sumWeight);
      }
      if (factor != 1) {
        multiply(block.sum, from, n, (float) factor);
      }
      System.arraycopy(block.values, from, updated[0], from, n);
      for (int slot = 0; slot < slots.length; slot++) {
        System.arraycopy(block.slots[slot], from, slots[slot], from, n);
      }
      optimizer.update(updated[0], block.sum, slots, from, n, next);
      requireFinite(block, updated, from, n);
    }
  }

  private static void divide(float[] array, int from, int n, float by) {
    for (int i = from; i < from + n; i++) {
      array[i] /= by;
    }
  }

  private static void multiply(float[] array, int from, int n, float by) {
    for (int i = from; i < from + n; i++) {
      array[i] *= by;
    }
  }

  private static void requireFinite(Block block, float[][] updated, int from, int n) {
    for (int array = 0; array < 1 + block.slots.length; array++) {
      float[] checked = updated[array];
      float largest = 0;
      for (int i = from; i < from + n; i++) {
        largest = Math.max(largest, Math.abs(checked[i])); // NaN, once there, stays
      }
      if (!Float.isFinite(largest)) {
        throw nonFinite(block, checked, array, from);
      }
    }
  }

  private static NonFiniteException nonFinite(Block block, float[] checked, int array, int from) {
    int i = from;
    while (Float.isFinite(checked[i])) {
      i++;
    }
    return new NonFiniteException(
        "round %d would make %s of parameter %d (block %d) %s; nothing was applied. Lower the learning rate, or bound gradients with guard.maxGradientNorm or clip"
            .formatted(
                block.round,
                array == 0 ? "the value" : "slot " + (array - 1),
                block.range.from() + i,
                block.range.index(),
                checked[i]));
  }
}
