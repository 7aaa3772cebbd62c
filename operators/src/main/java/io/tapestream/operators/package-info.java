/**
 * The Flink shells of the training job, in packages named in the order a record meets them: {@code
 * source}, {@code decode}, {@code train}, {@code server}, {@code weights}, {@code publish}, and
 * {@code deadletters} for what could not be learned from. This package holds the settings that
 * travel with the job graph: immutable, serializable records without behaviour.
 */
@NullMarked
package io.tapestream.operators;

import org.jspecify.annotations.NullMarked;
