package io.tapestream.jobs.cli;

/** How a command says what it found. */
enum Output {
  /** For people. */
  TEXT,
  /** One JSON object on the last line of standard output. */
  JSON
}
