package io.tapestream.schedules;

import io.tapestream.specs.Specified;

/**
 * A learning rate that depends on how far training is. It is an immutable record and a pure
 * function: after a restore it goes on where it was, and a job restored with another schedule goes
 * on where that one would be.
 *
 * <p>In a specification a number stands for a rate that stays:
 *
 * <pre>{@code
 * optimizer: {type: Adam, learningRate: 0.001}
 * optimizer: {type: Adam, learningRate: {type: CosineDecay, initialLearningRate: 0.001, decaySteps: 10000}}
 * }</pre>
 */
public interface Schedule extends Specified {

  /**
   * The learning rate of an update.
   *
   * @param round complete rounds before the update: 0 for the first. In {@code fit} a step is a
   *     round
   * @return η ≥ 0
   */
  double at(long round);
}
