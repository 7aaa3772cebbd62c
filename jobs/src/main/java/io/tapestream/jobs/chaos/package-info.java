/**
 * Kills what a training job runs on, again and again, and looks whether every record still counts
 * exactly once: {@code Chaos} is the harness of the benchmark {@code chaos} and of a story.
 */
@NullMarked
package io.tapestream.jobs.chaos;

import org.jspecify.annotations.NullMarked;
