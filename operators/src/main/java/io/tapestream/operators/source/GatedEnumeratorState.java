package io.tapestream.operators.source;

import io.tapestream.operators.VirtualWorkers;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the enumerator remembers.
 *
 * @param virtualWorkers the table whose offsets have been resolved; null while none has
 * @param unassigned splits that no reader has
 */
record GatedEnumeratorState(@Nullable VirtualWorkers virtualWorkers, List<GatedSplit> unassigned) {

  /** Of a job that has just been submitted. */
  static final GatedEnumeratorState FRESH = new GatedEnumeratorState(null, List.of());

  GatedEnumeratorState {
    unassigned = List.copyOf(unassigned);
  }
}
