package io.tapestream.parameterserver;

import java.util.UUID;

/** What trainers tell one block of the parameter server. */
public sealed interface Message {

  /** The block that this message is for. */
  int block();

  /** What moves a block, told by one virtual worker. */
  sealed interface Turn extends Message {

    /** The virtual worker's index in the job's table of virtual workers. */
    int virtualWorker();

    /** The index of the batch that is contributed, or of the first one not contributed before. */
    long batch();
  }

  /**
   * What the gradient of a round is multiplied by before it is applied, worked out from the {@link
   * RoundSum}s of all blocks (R15). Every trainer sends it; the first one counts, and the others
   * say the same.
   *
   * @param block the block that this message is for
   * @param round the round that waits for it
   * @param factor above 0 and at most 1
   */
  record Scale(int block, long round, double factor) implements Message {}

  /**
   * A trainer begins and asks for the block's weights, now and whenever they leave. Trainers of one
   * process that share a replica are served once: the first one that is heard of counts.
   *
   * @param block the block that this message is for
   * @param subtask the trainer's index, and that of the weight return beside it
   * @param replica where its process keeps the weights in this attempt
   */
  record Hello(int block, int subtask, UUID replica) implements Message {}

  /**
   * What a batch of a virtual worker adds to the round it counts in.
   *
   * @param block the block that this message is for
   * @param virtualWorker the sender's index
   * @param batch the batch's index; must be the one that the block expects next
   * @param nextOffset the Kafka offset that the batch after this one starts at
   * @param gradient sums over the batch, never divided by its weight
   * @param header the batch's weight, loss and metrics
   */
  record Contribution(
      int block, int virtualWorker, long batch, long nextOffset, Gradient gradient, Header header)
      implements Turn {

    /** The same contribution with another gradient. */
    Contribution withGradient(Gradient newGradient) {
      return new Contribution(block, virtualWorker, batch, nextOffset, newGradient, header);
    }

    /** The same contribution with another report. */
    Contribution withHeader(Header newHeader) {
      return new Contribution(block, virtualWorker, batch, nextOffset, gradient, newHeader);
    }
  }

  /**
   * A piece of a gradient that is larger than a message, sent ahead of its {@link Contribution},
   * which brings the last piece.
   *
   * @param block the block that this message is for
   * @param virtualWorker the sender's index
   * @param batch the index of the contribution's batch
   * @param gradient the piece: values that follow those of the pieces before, or more rows
   */
  record Part(int block, int virtualWorker, long batch, Gradient gradient) implements Message {}

  /**
   * The virtual worker takes no part in its next round and uses up no batch for that: batch {@code
   * batch} counts in a later one (R5). Sent to all blocks in one go, so that all agree on rounds.
   *
   * @param block the block that this message is for
   * @param virtualWorker the sender's index
   * @param batch the number of batches it has contributed
   * @param round the round that does without it; must be the one in which that batch would count
   */
  record Skip(int block, int virtualWorker, long batch, long round) implements Turn {}

  /**
   * Records are missing before the virtual worker's next batch, and the job goes on without them
   * (R6). Sent to block 0 alone, which writes it down.
   *
   * @param block the block that this message is for
   * @param virtualWorker the sender's index
   * @param batch the number of batches it has contributed
   * @param from the first Kafka offset that is missing
   * @param to the first one after them
   */
  record Lost(int block, int virtualWorker, long batch, long from, long to) implements Turn {}

  /**
   * The virtual worker has contributed its last batch, so no round waits for it from now on.
   *
   * @param block the block that this message is for
   * @param virtualWorker the sender's index
   * @param batch the number of batches it has contributed
   */
  record Leave(int block, int virtualWorker, long batch) implements Turn {}

  /**
   * A new virtual worker takes part from the round after the open one. Only sent between a restore
   * and the first contribution after it, so that all blocks agree on the round.
   *
   * @param block the block that this message is for
   * @param virtualWorker the index that it gets; those from this index on move up by one
   * @param batch its first batch
   */
  record Join(int block, int virtualWorker, long batch) implements Turn {}
}
