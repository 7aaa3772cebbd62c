package io.tapestream.benchmarks;

import java.time.Duration;

/** What is measured against others, in turns. */
@FunctionalInterface
public interface Contestant {

  /**
   * Works for a while.
   *
   * @param atLeast how long the counted part lasts; what comes before it and after it is not
   *     counted
   * @return units of work a second, such as steps or records
   * @throws Exception however the work fails; then there is no figure
   */
  double perSecond(Duration atLeast) throws Exception;
}
