package io.tapestream.operators.source;

import java.util.List;
import java.util.stream.Collectors;
import org.apache.flink.runtime.throwable.ThrowableAnnotation;
import org.apache.flink.runtime.throwable.ThrowableType;

/**
 * The topic no longer holds records that were not learned from, and the specification does not
 * accept it (R6). They will not come back, so Flink fails the job and does not restart it.
 */
@ThrowableAnnotation(ThrowableType.NonRecoverableError)
public final class LostRecordsException extends IllegalStateException {

  private static final long serialVersionUID = 1L;

  LostRecordsException(List<OffsetGap> lost) {
    super(
        "the topic no longer holds records that were not learned from: "
            + lost.stream().map(OffsetGap::toString).collect(Collectors.joining(", "))
            + ". Go on without them with source.lostRecords: accept, or start afresh, and lengthen"
            + " the topic's retention");
  }
}
