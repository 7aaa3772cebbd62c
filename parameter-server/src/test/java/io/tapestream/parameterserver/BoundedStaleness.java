package io.tapestream.parameterserver;

import io.tapestream.parameterserver.consistency.Consistency;

/** A mode that is not synchronous, to show that a mode is one file. */
public record BoundedStaleness(int bound) implements Consistency {

  @Override
  public boolean mayStart(long round, long closed) {
    return round <= closed + bound;
  }

  @Override
  public boolean sumsRounds() {
    return false;
  }
}
