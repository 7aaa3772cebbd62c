package io.tapestream.operators.source;

import org.apache.kafka.common.TopicPartition;

/**
 * A virtual worker without a complete mini-batch lets a round pass, so that the others need not
 * wait for it (R5). It uses up no mini-batch.
 *
 * @param virtualWorker the virtual worker's number
 * @param partition the Kafka partition it reads
 * @param index of the mini-batch that counts in a later round
 * @param round the round that does without it
 */
public record SkippedRound(int virtualWorker, TopicPartition partition, long index, long round)
    implements Turn {}
