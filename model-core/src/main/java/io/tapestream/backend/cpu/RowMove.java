package io.tapestream.backend.cpu;

/** What is done between the rows of a table and rows side by side. */
enum RowMove {
  /** {@code rows[i] = table[ids[i]]}. */
  GATHER,
  /** {@code table[ids[i]] = rows[i]}. */
  SET,
  /** {@code table[ids[i]] += rows[i]}. */
  ADD
}
