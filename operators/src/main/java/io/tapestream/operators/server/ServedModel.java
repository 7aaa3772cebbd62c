package io.tapestream.operators.server;

import io.tapestream.optimizers.Optimizer;
import java.io.IOException;
import java.io.Serializable;

/** What the parameter server needs to know of the model, read on the task manager. */
public interface ServedModel extends Serializable {

  /**
   * The rule that steps the weights.
   *
   * @param userClasses finds the classes that a job brings
   */
  Optimizer optimizer(ClassLoader userClasses);

  /**
   * Whether a round's gradient is divided by its weight.
   *
   * @param userClasses finds the classes that a job brings
   */
  boolean meanLoss(ClassLoader userClasses);

  /**
   * The whole flat parameter vector before the first round; the same bits on every shard.
   *
   * @param userClasses finds the classes that a job brings
   * @throws IOException if they are a version's, and it can't be read
   */
  float[] initialValues(ClassLoader userClasses) throws IOException;

  /** The round that counting starts from. */
  default long initialRound() {
    return 0;
  }

  /** The records that counting starts from. */
  default long initialRecords() {
    return 0;
  }
}
