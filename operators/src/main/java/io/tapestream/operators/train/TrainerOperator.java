package io.tapestream.operators.train;

import io.tapestream.operators.ProcessLibraries;
import io.tapestream.operators.TrainingSettings;
import io.tapestream.operators.deadletters.DeadLetters;
import io.tapestream.operators.decode.Rejected;
import io.tapestream.operators.metrics.WireBytes;
import io.tapestream.operators.source.LostRecords;
import io.tapestream.operators.source.MiniBatch;
import io.tapestream.operators.source.SkippedRound;
import io.tapestream.operators.source.Turn;
import io.tapestream.operators.weights.WeightExchange;
import io.tapestream.operators.weights.WeightReplica;
import io.tapestream.parameterserver.BlockRange;
import io.tapestream.parameterserver.Message;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.jspecify.annotations.Nullable;

/**
 * The trainer as Flink sees it, chained to the gated source: a turn comes in only when its weights
 * are here, so nothing waits, and everything it sends leaves before the next mail, so before a
 * barrier or after it as a whole (R1). It has no state: what it needs after a restore lies in the
 * source's splits and in the parameter server's blocks. What it can't learn from leaves by the side
 * output {@link DeadLetters#OUTPUT}.
 */
public final class TrainerOperator extends AbstractStreamOperator<Message>
    implements OneInputStreamOperator<Turn, Message> {

  private static final long serialVersionUID = 1L;

  // configuration
  private final TrainingSettings settings;

  // runtime
  private transient @Nullable MailboxExecutor mailbox;
  private transient @Nullable Session session;

  /** An operator that has built nothing yet. */
  public TrainerOperator(TrainingSettings settings) {
    this.settings = settings;
  }

  @Override
  public void setMailboxExecutor(MailboxExecutor mailboxExecutor) {
    super.setMailboxExecutor(mailboxExecutor);
    mailbox = mailboxExecutor;
  }

  @Override
  public void open() throws Exception {
    super.open();
    ProcessLibraries.check();
    if (settings.gradients().compression().keepsResidual()) {
      ResidualMemory.check(
          settings.source().virtualWorkers().size(),
          getRuntimeContext().getTaskInfo().getNumberOfParallelSubtasks(),
          settings.server().layout().trained(),
          Runtime.getRuntime().maxMemory());
    }
    MailboxExecutor mails =
        Objects.requireNonNull(mailbox, "Flink sets the mailbox before it opens an operator");
    Session opened = new Session();
    session = opened;
    mails.execute(opened::greet, "ask the parameter server for weights");
    settings
        .gradients()
        .roundClipping()
        .ifPresent(
            clipping ->
                opened
                    .replica
                    .norms()
                    .listen((round, squares) -> scale(mails, round, clipping.factor(squares))));
  }

  /** Called on a weight return's thread; answers on this task's. */
  private void scale(MailboxExecutor mails, long round, double factor) {
    try {
      mails.execute(
          () -> {
            if (session != null) {
              session.scale(round, factor);
            }
          },
          "scale round " + round);
    } catch (RejectedExecutionException closed) {
      LOG.debug("This trainer has ended; the others scale round {}", round);
    }
  }

  @Override
  public void processElement(StreamRecord<Turn> element) {
    if (session == null) {
      throw new IllegalStateException("the trainer is not open");
    }
    if (element.getValue() instanceof MiniBatch batch) {
      session.train(batch);
    } else if (element.getValue() instanceof SkippedRound skipped) {
      session.skip(skipped);
    } else if (element.getValue() instanceof LostRecords lost) {
      session.lose(lost);
    }
  }

  @Override
  public void close() throws Exception {
    if (session != null) {
      session.close();
      session = null;
    }
    super.close();
  }

  /** What exists while the operator is open. */
  private final class Session implements AutoCloseable {

    private final WeightExchange.Key key = WeightExchange.Key.of(metrics.getAllVariables());
    private final WeightReplica replica =
        WeightExchange.meet(
            key,
            getRuntimeContext().getTaskInfo().getNumberOfParallelSubtasks(),
            () -> new WeightReplica(settings.server().layout(), settings.server().consistency()));
    private final TrainerMetrics measured = new TrainerMetrics(metrics);
    private final MiniBatchTrainer trainer =
        new MiniBatchTrainer(
            settings,
            getRuntimeContext().getUserCodeClassLoader(),
            replica,
            System::nanoTime,
            measured);
    private final StreamRecord<Message> reused = new StreamRecord<>(null);

    /** Asks every block for its weights (R10). */
    void greet() {
      int subtask = getRuntimeContext().getTaskInfo().getIndexOfThisSubtask();
      for (BlockRange block : settings.server().layout().blocks()) {
        push(new Message.Hello(block.index(), subtask, replica.id()));
      }
    }

    void train(MiniBatch batch) {
      Trained trained = trainer.train(batch, this::push);
      List<Rejected> unusable = trained.rejected();
      measured.trained(
          batch.examples(), unusable.stream().mapToLong(Rejected::rows).sum(), WireBytes.take());
      trained
          .skip()
          .ifPresent(
              skip -> {
                measured.skippedBatch();
                LOG.warn("Skipped a batch: {}", skip.detail());
              });
      DeadLetters.of(batch, unusable, Instant.now())
          .forEach(letter -> output.collect(DeadLetters.OUTPUT, new StreamRecord<>(letter)));
    }

    void skip(SkippedRound skipped) {
      trainer.skip(skipped, this::push);
      measured.skipped(WireBytes.take());
    }

    void lose(LostRecords lost) {
      trainer.lose(lost, this::push);
      measured.lost(lost.to() - lost.from(), WireBytes.take());
    }

    /** Tells every block by what the round that waits is multiplied (R15). */
    void scale(long round, double factor) {
      for (BlockRange block : settings.server().layout().blocks()) {
        push(new Message.Scale(block.index(), round, factor));
      }
    }

    private void push(Message message) {
      output.collect(reused.replace(message));
    }

    @Override
    public void close() {
      WeightExchange.leave(key, replica);
      trainer.close();
    }
  }
}
