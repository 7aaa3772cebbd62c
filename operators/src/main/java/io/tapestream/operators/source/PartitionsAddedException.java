package io.tapestream.operators.source;

import java.util.List;
import org.apache.flink.runtime.throwable.ThrowableAnnotation;
import org.apache.flink.runtime.throwable.ThrowableType;
import org.apache.kafka.common.TopicPartition;

/**
 * The topic has got partitions that the job does not read, and a checkpoint is there to go on from.
 * The table of virtual workers is fixed at submission (R3), so Flink fails the job and does not
 * restart it; a submission that restores the checkpoint has them in its table.
 */
@ThrowableAnnotation(ThrowableType.NonRecoverableError)
public final class PartitionsAddedException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  PartitionsAddedException(List<TopicPartition> added, long checkpoint) {
    super(
        "partitions were added to the topic: %s. They join from the next round when the job is submitted again from checkpoint %d"
            .formatted(added, checkpoint));
  }
}
