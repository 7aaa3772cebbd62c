/**
 * Kills what a training job runs on, again and again, and looks whether every record still counts
 * exactly once: {@link io.tapestream.jobs.chaos.Chaos} and {@link io.tapestream.jobs.chaos.Cycles}
 * are the harness of benchmarks and of stories.
 */
@NullMarked
package io.tapestream.jobs.chaos;

import org.jspecify.annotations.NullMarked;
