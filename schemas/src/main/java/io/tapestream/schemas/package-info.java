/**
 * What travels on Kafka topics: training examples, announcements of versions and dead letters, as
 * Avro single objects or (examples only) as Arrow streams. Nothing here knows Kafka, Flink or a
 * model.
 */
@NullMarked
package io.tapestream.schemas;

import org.jspecify.annotations.NullMarked;
