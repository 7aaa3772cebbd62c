package io.tapestream.serving.follow;

import io.tapestream.files.Releases;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** Which versions should be the default: a pure question, asked at every look. */
final class DefaultVersion {
  private DefaultVersion() {}

  /**
   * The versions to put in place of the one that answers; the first that can be served is.
   *
   * <pre>
   * held    answers   candidates
   * none    none      all, the newest first
   * none    c         those above c, the newest first
   * h       none      h, then those below it, the newest first: nothing is worse than no answer, but never one above h
   * h       h         none
   * h       c         h: if it can't be served, c goes on
   * </pre>
   *
   * @param complete numbers of the complete versions
   * @param current number of the version that answers; 0 if none does
   */
  static List<Long> candidates(Releases releases, Collection<Long> complete, long current) {
    Long held = releases.hold();
    return complete.stream()
        .filter(version -> held == null ? version > current : version <= held)
        .filter(version -> held == null || current == 0 || version.equals(held))
        .filter(version -> version != current)
        .sorted(Comparator.reverseOrder())
        .toList();
  }
}
