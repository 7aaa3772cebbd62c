package io.tapestream.operators;

import io.tapestream.files.TensorSignature;
import java.io.Serializable;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is in a version, beside what it has learned.
 *
 * @param weightFileBytes weights that take more are divided among several files of at most so many
 *     bytes; a tensor is never divided
 * @param outputs what the model gives, for the signature
 * @param specification digest of the job's settings that count; null where no job file was
 * @param signingKey file with the key that versions are signed with, read where they are committed;
 *     null signs none
 */
public record VersionSettings(
    long weightFileBytes,
    List<TensorSignature> outputs,
    @Nullable String specification,
    @Nullable String signingKey)
    implements Serializable {

  /** Weights in one file up to 2 GiB, and nothing to tell of the model and the job. */
  public static final VersionSettings DEFAULT =
      new VersionSettings(2L << 30, List.of(), null, null);

  public VersionSettings {
    outputs = List.copyOf(outputs);
    if (weightFileBytes < 1) {
      throw new IllegalArgumentException(
          "weightFileBytes is " + weightFileBytes + ": give a positive number");
    }
  }
}
