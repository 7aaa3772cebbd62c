package io.tapestream.operators.source;

import org.apache.kafka.common.TopicPartition;

/**
 * A virtual worker goes on without records that the topic no longer holds, though they were not
 * learned from (R6). It uses up neither a mini-batch nor a round.
 *
 * @param virtualWorker the virtual worker's number
 * @param partition the Kafka partition it reads
 * @param index of the mini-batch that follows
 * @param round the round of its next turn
 * @param from the first offset that is missing
 * @param to the first one after them
 */
public record LostRecords(
    int virtualWorker, TopicPartition partition, long index, long round, long from, long to)
    implements Turn {}
