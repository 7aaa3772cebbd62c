package io.tapestream.operators.source;

import org.apache.flink.api.connector.source.SourceEvent;

/**
 * A reader's word that it has gone on after it took part in a checkpoint. A savepoint that stops
 * the job stops its sources before it is cut, so the checkpoint is none of those.
 *
 * @param checkpoint the last that was cut here
 */
record WentOn(long checkpoint) implements SourceEvent {}
