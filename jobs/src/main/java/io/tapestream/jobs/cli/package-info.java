/** The command line: one class for each command, and what they share. */
@NullMarked
package io.tapestream.jobs.cli;

import org.jspecify.annotations.NullMarked;
