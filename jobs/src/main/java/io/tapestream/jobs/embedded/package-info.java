/**
 * What a whole installation needs, in one process: a Kafka broker and a Flink cluster, for the
 * demo, for {@code tapestream train} without a cluster, and for tests.
 */
@NullMarked
package io.tapestream.jobs.embedded;

import org.jspecify.annotations.NullMarked;
