package io.tapestream.benchmarks;

/** How long a benchmark takes its time. */
public enum Pace {
  /** For figures that are to be told. */
  FULL,

  /** {@code --quick}: one short turn each, to see that it runs. */
  QUICK;

  /** The measure at this pace. */
  public Interleaved of(Interleaved full) {
    return this == FULL
        ? full
        : new Interleaved(full.warmUp().dividedBy(4), full.turn().dividedBy(4), 1);
  }
}
