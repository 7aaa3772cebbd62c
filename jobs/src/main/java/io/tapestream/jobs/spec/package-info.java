/**
 * The job specification: a YAML file read into records, every mistake in it named with its line,
 * its key and the fix.
 */
@NullMarked
package io.tapestream.jobs.spec;

import org.jspecify.annotations.NullMarked;
