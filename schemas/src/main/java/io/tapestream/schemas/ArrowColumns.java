package io.tapestream.schemas;

import java.util.Set;

/** The names that the Arrow convention of {@link ArrowStream} gives a meaning. */
final class ArrowColumns {
  static final String ID = "id";
  static final String EVENT_TIME = "event_time";
  static final String LABEL = "label";
  static final String WEIGHT = "weight";

  /** Columns that are no features. */
  static final Set<String> RESERVED = Set.of(ID, EVENT_TIME, LABEL, WEIGHT);

  /** Metadata of a dense column: its extents, as in {@code 28,28,1}; of a scalar, empty. */
  static final String SHAPE = "shape";

  /** Metadata of a dense column of bytes: what each is multiplied with; 1 when absent. */
  static final String SCALE = "scale";

  private ArrowColumns() {}
}
