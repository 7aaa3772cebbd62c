package io.tapestream.training;

import io.tapestream.models.Model;
import java.util.OptionalInt;

/** A run of {@code fit}, as its callbacks see it. */
public final class Training {
  private final Model model;
  private final FitOptions options;
  private final OptionalInt batches;
  private boolean stopping;

  Training(Model model, FitOptions options, OptionalInt batches) {
    this.model = model;
    this.options = options;
    this.batches = batches;
  }

  /** The model that is trained. */
  public Model model() {
    return model;
  }

  /** How it is trained. */
  public FitOptions options() {
    return options;
  }

  /** The batches of an epoch; empty where they come from elsewhere and nobody knows. */
  public OptionalInt batches() {
    return batches;
  }

  /**
   * Ends the run: after the batch that is being trained on, its epoch is told, and no other begins.
   */
  public void stop() {
    stopping = true;
  }

  /** Whether {@link #stop} was called. */
  public boolean stopping() {
    return stopping;
  }
}
