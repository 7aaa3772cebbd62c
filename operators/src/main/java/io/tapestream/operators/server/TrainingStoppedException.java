package io.tapestream.operators.server;

import io.tapestream.parameterserver.Stopped;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.flink.runtime.throwable.ThrowableAnnotation;
import org.apache.flink.runtime.throwable.ThrowableType;

/**
 * Too many mini-batches in a row were skipped. A restart would meet the same ones again, so Flink
 * fails the job and does not restart it. It is thrown after a checkpoint, so the dead letters of
 * all records before {@link #received} are on their topic, and says what a submission needs that
 * goes on without what was learned since an earlier version.
 */
@ThrowableAnnotation(ThrowableType.NonRecoverableError)
public final class TrainingStoppedException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final long[] received;
  private final long provenRound;

  /**
   * Tells where training has stopped.
   *
   * @param skipped mini-batches in a row
   * @param virtualWorkers their names, by index
   * @param received for each of them the Kafka offset after what was taken from it, -1 for nothing
   * @param provenRound the newest round whose weights have given a gradient that counted, -1 for
   *     none
   */
  public TrainingStoppedException(
      long skipped, List<String> virtualWorkers, long[] received, long provenRound) {
    super(
        ("%d mini-batches in a row had no gradient that could count (guard.stopAfter), so training"
                + " stops; their records are dead letters. It has come to %s. Lower the learning"
                + " rate, or look at these records, and go on from the newest checkpoint")
            .formatted(
                skipped,
                IntStream.range(0, virtualWorkers.size())
                    .filter(vw -> received[vw] >= 0)
                    .mapToObj(vw -> virtualWorkers.get(vw) + " offset " + received[vw])
                    .collect(Collectors.joining(", "))));
    this.received = received.clone();
    this.provenRound = provenRound;
  }

  /** What a stopped block tells. */
  public static TrainingStoppedException of(Stopped stopped, List<String> virtualWorkers) {
    return new TrainingStoppedException(
        stopped.skipped(),
        virtualWorkers,
        stopped.received().stream().mapToLong(Long::longValue).toArray(),
        stopped.provenRound());
  }

  /** For each virtual worker the Kafka offset after what was taken from it, -1 for nothing. */
  public long[] received() {
    return received.clone();
  }

  /** The newest round whose weights have given a gradient that counted, -1 for none. */
  public long provenRound() {
    return provenRound;
  }
}
