package io.tapestream.operators.server;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.optimizers.Sgd;
import io.tapestream.parameterserver.Block;
import io.tapestream.parameterserver.BlockRange;
import io.tapestream.parameterserver.ParameterServer;
import io.tapestream.parameterserver.consistency.Synchronous;
import java.util.HashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.apache.flink.api.common.state.ValueState;
import org.junit.jupiter.api.Test;

class BlockStoreTest {

  /** Keyed state that counts what is written to it. */
  private static final class Counted implements ValueState<Block> {
    private final UnaryOperator<Block> stored;
    private final Map<Integer, Block> values = new HashMap<>();
    private int key;
    private int writes;

    Counted(UnaryOperator<Block> stored) {
      this.stored = stored;
    }

    @Override
    public Block value() {
      return stored.apply(requireNonNull(values.get(key)));
    }

    @Override
    public void update(Block value) {
      writes++;
      values.put(key, stored.apply(value));
    }

    @Override
    public void clear() {
      values.remove(key);
    }
  }

  private final Block first = block();
  private final Block second = block();

  @Test
  void r12WhereTheStateHoldsObjectsABlockIsTheStatesValue() throws Exception {
    Counted state = new Counted(UnaryOperator.identity());
    BlockStore store = filled(state);

    assertThat(store.get(0)).isSameAs(first);
    assertThat(store.get(1)).isSameAs(second);
    Block copied = first.copy();
    state.key = 0;
    state.update(copied); // as Flink does at the first touch during a checkpoint
    assertThat(store.get(0)).as("no reference is kept").isSameAs(copied);
    int before = state.writes;
    store.changed(0, copied);
    assertThat(state.writes).as("Flink is told").isEqualTo(before + 1);
    store.write();
    assertThat(state.writes).isEqualTo(before + 1);
    assertThat(store.copies()).isEqualTo(2);
  }

  @Test
  void r12WhereTheStateHoldsBytesOnlyACheckpointWritesThem() throws Exception {
    Counted state = new Counted(Block::copy);
    BlockStore store = filled(state);
    int atStart = state.writes;

    for (int message = 0; message < 10; message++) {
      assertThat(store.get(0)).isSameAs(first);
      first.markPublished();
      store.changed(0, first);
    }
    assertThat(state.writes).isEqualTo(atStart);
    store.write();
    assertThat(state.writes).isEqualTo(atStart + 2);
    assertThat(state.values.get(1)).usingRecursiveComparison().isEqualTo(second);
    assertThat(store.copies()).isEqualTo(1);
  }

  private BlockStore filled(Counted state) throws Exception {
    BlockStore store = new BlockStore(state, index -> state.key = index);
    store.put(0, first);
    store.put(1, second);
    return store;
  }

  private static Block block() {
    return new ParameterServer(new Sgd(1), new Synchronous(), true)
        .fresh(new BlockRange(0, 0, 4, true), new float[4], 2);
  }
}
