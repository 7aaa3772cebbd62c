package io.tapestream.parameterserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class BlockLayoutTest {

  @Test
  void aVectorIsCutAfterEveryFullBlockAndStatisticsStartTheirOwn() {
    BlockLayout layout = BlockLayout.ofElements(10, 13, 4);
    assertThat(layout.blocks())
        .containsExactly(
            new BlockRange(0, 0, 4, true),
            new BlockRange(1, 4, 8, true),
            new BlockRange(2, 8, 10, true),
            new BlockRange(3, 10, 13, false));
    assertThat(layout.size()).isEqualTo(13);
    assertThat(layout).hasToString("13 values (10 trained) in 4 blocks of 4");
  }

  @Test
  void r14WithAGranuleOfTensorsABlockIsAWholeTensor() {
    BlockLayout layout = BlockLayout.ofTensors(new int[] {2, 8, 9}, 8, 4);
    assertThat(layout.blocks())
        .containsExactly(
            new BlockRange(0, 0, 2, true),
            new BlockRange(1, 2, 8, true),
            new BlockRange(2, 8, 9, false));
    assertThat(layout.chunkFloats()).isEqualTo(4);
    assertThat(layout)
        .hasToString("9 values (8 trained) in 3 blocks, a tensor each, in chunks of 4");
  }

  @Test
  void aModelWithoutParametersOrABlockWithoutRoomIsRefused() {
    assertThatThrownBy(() -> BlockLayout.ofElements(0, 0, 4))
        .hasMessageContaining("the model needs a parameter");
    assertThatThrownBy(() -> BlockLayout.ofElements(1, 1, 0))
        .hasMessageContaining("at least one value");
  }
}
