package io.tapestream.operators;

import java.io.Serializable;
import java.util.Objects;

/**
 * How the parameter server turns contributions into weights.
 *
 * @param consistency the consistency mode's name, such as {@code synchronous}
 * @param blockFloats parameters in a block; decides block boundaries and is fixed for a job's life
 */
public record ServerSettings(String consistency, int blockFloats) implements Serializable {

  public ServerSettings {
    Objects.requireNonNull(consistency, "consistency");
    if (blockFloats < 1) {
      throw new IllegalArgumentException("blockFloats is " + blockFloats + ": give at least 1");
    }
  }
}
