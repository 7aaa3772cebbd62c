package io.tapestream.operators.weights;

import io.tapestream.operators.metrics.Measure;
import io.tapestream.operators.metrics.WireBytes;
import io.tapestream.operators.server.Delivery;
import io.tapestream.parameterserver.BlockLayout;
import io.tapestream.parameterserver.Reply;
import io.tapestream.parameterserver.WeightPart;
import io.tapestream.parameterserver.WeightParts;
import io.tapestream.parameterserver.Weights;
import io.tapestream.parameterserver.consistency.Consistency;
import org.apache.flink.metrics.Counter;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.jspecify.annotations.Nullable;

/**
 * Hands the blocks that the parameter server sends to the trainers of its process. Shards send each
 * block to one weight return of a process, named by the trainer that shares its slot; the others
 * get nothing. It never waits for a trainer, and has no output.
 *
 * <p>The job gives it the source's parallelism, slot-sharing group and co-location group (R11).
 */
public final class WeightReturnOperator extends AbstractStreamOperator<Void>
    implements OneInputStreamOperator<Delivery, Void> {

  private static final long serialVersionUID = 1L;

  // configuration
  private final BlockLayout layout;
  private final Consistency consistency;

  // runtime
  private transient WeightExchange.@Nullable Key key;
  private transient @Nullable WeightReplica replica;
  private transient @Nullable Counter bytesDown;
  private transient @Nullable WeightParts parts;

  /** An operator that has met nobody yet. */
  public WeightReturnOperator(BlockLayout layout, Consistency consistency) {
    this.layout = layout;
    this.consistency = consistency;
  }

  @Override
  public void open() throws Exception {
    super.open();
    bytesDown = Measure.BYTES_DOWN.counter(getMetricGroup());
    parts = new WeightParts(layout);
    key = WeightExchange.Key.of(getMetricGroup().getAllVariables());
    int parallelism = getRuntimeContext().getTaskInfo().getNumberOfParallelSubtasks();
    replica = WeightExchange.meet(key, parallelism, () -> new WeightReplica(layout, consistency));
  }

  @Override
  public void processElement(StreamRecord<Delivery> element) {
    if (replica == null || bytesDown == null || parts == null) {
      throw new IllegalStateException("weights arrived before open()");
    }
    bytesDown.inc(WireBytes.take());
    Reply reply = element.getValue().reply();
    if (reply instanceof WeightPart part) {
      parts.take(part);
    } else {
      replica.receive(reply instanceof Weights last ? parts.join(last) : reply);
    }
  }

  @Override
  public void close() throws Exception {
    if (key != null && replica != null) {
      WeightExchange.leave(key, replica);
    }
    super.close();
  }
}
