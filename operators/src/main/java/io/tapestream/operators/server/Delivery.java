package io.tapestream.operators.server;

import io.tapestream.parameterserver.Reply;
import org.apache.flink.api.common.functions.Partitioner;
import org.apache.flink.api.java.functions.KeySelector;

/**
 * What a block tells, on its way to one process.
 *
 * @param subtask the weight return that takes it, by its index
 * @param reply weights refer to the server's own arrays until they are serialised
 */
public record Delivery(int subtask, Reply reply) {

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
