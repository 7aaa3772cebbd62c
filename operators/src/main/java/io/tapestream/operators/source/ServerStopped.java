package io.tapestream.operators.source;

import io.tapestream.operators.server.TrainingStoppedException;
import org.apache.flink.api.connector.source.SourceEvent;

/**
 * What a reader has heard from the parameter server: too many mini-batches in a row were skipped.
 *
 * @param checkpoint the one that holds all that came before, the dead letters among it
 * @param reason what the job ends with after that checkpoint
 */
record ServerStopped(long checkpoint, TrainingStoppedException reason) implements SourceEvent {}
