package io.tapestream.operators.server;

import io.tapestream.parameterserver.Weights;
import org.apache.flink.api.common.functions.Partitioner;
import org.apache.flink.api.java.functions.KeySelector;

/**
 * A block's weights on their way to one process.
 *
 * @param subtask the weight return that takes them, by its index
 * @param weights refer to the server's own arrays until they are serialised
 */
public record Delivery(int subtask, Weights weights) {

  /** Brings each delivery to its subtask: {@code partitionCustom(new Address(), new Address())}. */
  public static final class Address
      implements Partitioner<Integer>, KeySelector<Delivery, Integer> {

    private static final long serialVersionUID = 1L;

    @Override
    public Integer getKey(Delivery delivery) {
      return delivery.subtask();
    }

    @Override
    public int partition(Integer subtask, int subtasks) {
      return subtask;
    }
  }
}
