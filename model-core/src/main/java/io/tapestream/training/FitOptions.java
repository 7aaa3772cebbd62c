package io.tapestream.training;

import io.tapestream.clipping.Clipping;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * How {@code fit} goes through its data.
 *
 * @param batchSize examples per step; the last batch of an epoch may be smaller. Not used for data
 *     that comes in batches
 * @param epochs the number of the epoch to end before, counted from 0: with an initial epoch of 0
 *     the passes over the data
 * @param initialEpoch the number of the first epoch, for a run that goes on from an earlier one
 * @param shuffleSeed the order of each epoch is drawn from it and the epoch's number; empty keeps
 *     the order of the data
 * @param step how each step computes
 * @param clipping bounds each step's gradient
 * @param validation what the model is tried on after each epoch
 * @param classWeights by class, what the weight of its examples is multiplied by; 1 for classes
 *     that are left out
 * @param callbacks told how it goes, in this order
 */
public record FitOptions(
    int batchSize,
    int epochs,
    int initialEpoch,
    OptionalLong shuffleSeed,
    StepSettings step,
    Clipping clipping,
    Validation validation,
    Map<Integer, Double> classWeights,
    List<Callback> callbacks) {

  /** Checks that there are batches and epochs, and keeps copies. */
  public FitOptions {
    if (batchSize < 1 || epochs < 1) {
      throw new IllegalArgumentException(
          "batchSize and epochs must be at least 1, got " + batchSize + " and " + epochs);
    }
    if (initialEpoch < 0 || initialEpoch > epochs) {
      throw new IllegalArgumentException(
          "initialEpoch must lie in 0 … epochs, " + epochs + ", got " + initialEpoch);
    }
    classWeights = Map.copyOf(classWeights);
    callbacks = List.copyOf(callbacks);
  }

  /** In the data's order, on one thread. */
  public static FitOptions of(int batchSize, int epochs) {
    return new FitOptions(
        batchSize,
        epochs,
        0,
        OptionalLong.empty(),
        StepSettings.of(0),
        Clipping.NONE,
        Validation.NONE,
        Map.of(),
        List.of());
  }

  /** The same from this epoch on, as if those before it had been run. */
  public FitOptions from(int newInitialEpoch) {
    return new FitOptions(
        batchSize,
        epochs,
        newInitialEpoch,
        shuffleSeed,
        step,
        clipping,
        validation,
        classWeights,
        callbacks);
  }

  /** The same, each epoch in an order of its own. */
  public FitOptions shuffled(long seed) {
    return new FitOptions(
        batchSize,
        epochs,
        initialEpoch,
        OptionalLong.of(seed),
        step,
        clipping,
        validation,
        classWeights,
        callbacks);
  }

  /** The same with another step. */
  public FitOptions withStep(StepSettings newStep) {
    return new FitOptions(
        batchSize,
        epochs,
        initialEpoch,
        shuffleSeed,
        newStep,
        clipping,
        validation,
        classWeights,
        callbacks);
  }

  /** The same with each gradient clipped. */
  public FitOptions clipping(Clipping newClipping) {
    return new FitOptions(
        batchSize,
        epochs,
        initialEpoch,
        shuffleSeed,
        step,
        newClipping,
        validation,
        classWeights,
        callbacks);
  }

  /** The same, tried on these examples after each epoch. */
  public FitOptions validatedOn(Batch data) {
    return validatedOn(new Validation(data, 0));
  }

  /**
   * The same, tried after each epoch on a share of the examples, which is not trained on: the last
   * ones, before any shuffling.
   */
  public FitOptions validatedOnLast(double share) {
    return validatedOn(new Validation(null, share));
  }

  private FitOptions validatedOn(Validation newValidation) {
    return new FitOptions(
        batchSize,
        epochs,
        initialEpoch,
        shuffleSeed,
        step,
        clipping,
        newValidation,
        classWeights,
        callbacks);
  }

  /**
   * The same, examples counting by their class as well.
   *
   * @param newClassWeights by class; one that is left out counts once
   */
  public FitOptions weighing(Map<Integer, Double> newClassWeights) {
    return new FitOptions(
        batchSize,
        epochs,
        initialEpoch,
        shuffleSeed,
        step,
        clipping,
        validation,
        newClassWeights,
        callbacks);
  }

  /** The same with further callbacks. */
  public FitOptions with(Callback... further) {
    List<Callback> all = new ArrayList<>(callbacks);
    all.addAll(List.of(further));
    return new FitOptions(
        batchSize,
        epochs,
        initialEpoch,
        shuffleSeed,
        step,
        clipping,
        validation,
        classWeights,
        all);
  }
}
