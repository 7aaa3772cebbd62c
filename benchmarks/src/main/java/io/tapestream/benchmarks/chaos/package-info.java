/**
 * Kills what a training job runs on, again and again, and looks whether every record still counts
 * exactly once; submits jobs and cancels them, and looks what stays behind. {@link
 * io.tapestream.benchmarks.chaos.Chaos} and {@link io.tapestream.benchmarks.chaos.Cycles} are the
 * harness of the benchmarks and of shorter stories.
 */
@NullMarked
package io.tapestream.benchmarks.chaos;

import org.jspecify.annotations.NullMarked;
