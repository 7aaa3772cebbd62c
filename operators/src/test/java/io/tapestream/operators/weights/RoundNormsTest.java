package io.tapestream.operators.weights;

import static org.assertj.core.api.Assertions.assertThat;

import io.tapestream.parameterserver.RoundSum;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class RoundNormsTest {

  private final RoundNorms norms = new RoundNorms(2);
  private final List<String> told = new ArrayList<>();

  @Test
  void aRoundIsToldWhenAllBlocksHaveToldTheirsAndOnce() {
    norms.listen(this::note);
    norms.receive(new RoundSum(1, 4, 0.5));
    assertThat(told).isEmpty();
    norms.receive(new RoundSum(0, 4, 2));
    norms.receive(new RoundSum(0, 4, 2)); // a shard has told it twice
    norms.receive(new RoundSum(0, 5, 3));
    norms.receive(new RoundSum(1, 5, 4));

    assertThat(told).containsExactly("4 [2.0, 0.5]", "5 [3.0, 4.0]");
  }

  @Test
  void whoComesLateHearsOfTheRoundThatWaits() {
    norms.receive(new RoundSum(0, 4, 1));
    norms.receive(new RoundSum(1, 4, 2));
    norms.listen(this::note);

    assertThat(told).containsExactly("4 [1.0, 2.0]");
  }

  @Test
  void whoComesLateHearsNothingOfARoundThatTheNextHasFollowed() {
    norms.receive(new RoundSum(0, 4, 1));
    norms.receive(new RoundSum(1, 4, 2));
    norms.receive(new RoundSum(1, 5, 3));
    norms.listen(this::note);
    assertThat(told).isEmpty();
    norms.receive(new RoundSum(0, 5, 4));

    assertThat(told).containsExactly("5 [4.0, 3.0]");
  }

  private void note(long round, double[] squares) {
    told.add(round + " " + Arrays.toString(squares));
  }
}
