/**
 * From a specification to a running job: {@link io.tapestream.jobs.Submission} makes a
 * specification ready to run, {@code TrainingJob} is the job itself.
 */
@NullMarked
package io.tapestream.jobs;

import org.jspecify.annotations.NullMarked;
