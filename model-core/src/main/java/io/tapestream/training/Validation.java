package io.tapestream.training;

import org.jspecify.annotations.Nullable;

/**
 * What a model is tried on after each epoch.
 *
 * @param data examples that are not trained on; null for none, or for a share
 * @param share of the training examples, the last ones before any shuffling, that is kept for this,
 *     in [0, 1); 0 for none
 */
public record Validation(@Nullable Batch data, double share) {

  /** No validation. */
  public static final Validation NONE = new Validation(null, 0);

  /** Checks the range stated above. */
  public Validation {
    if (!(share >= 0 && share < 1)) {
      throw new IllegalArgumentException(
          "the share kept for validation must lie in [0, 1), got " + share);
    }
  }
}
