/**
 * Following announcements on a Kafka topic. Who uses this package brings {@code kafka-clients}; the
 * rest of the library does without.
 */
@NullMarked
package io.tapestream.serving.kafka;

import org.jspecify.annotations.NullMarked;
