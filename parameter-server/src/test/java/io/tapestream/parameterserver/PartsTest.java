package io.tapestream.parameterserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tapestream.parameterserver.Gradient.Dense;
import io.tapestream.parameterserver.Gradient.Half;
import io.tapestream.parameterserver.Gradient.None;
import io.tapestream.parameterserver.Gradient.Rows;
import io.tapestream.parameterserver.Message.Contribution;
import io.tapestream.parameterserver.Message.Part;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PartsTest {

  private static final Header HEADER = new Header(2, 1, new double[] {1}, new double[] {2}, 3);

  private final GradientParts parts = new GradientParts();

  static Stream<Gradient> gradients() {
    return Stream.of(
        new Dense(new float[] {1, 2, 3, 4, 5, 6, 7}),
        new Half(-3, new short[] {1, 2, 3, 4, 5, 6, 7}),
        new Rows(-2, 2, new int[] {1, 4, 5, 9}, new float[] {1, 2, 3, 4, 5, 6, 7, 8}),
        new None());
  }

  @ParameterizedTest
  @MethodSource("gradients")
  void r14AGradientThatWasCutIsPutTogetherAsItWas(Gradient gradient) {
    for (int most = 1; most <= 9; most++) {
      Contribution whole = contribution(1, 5, gradient);
      List<Message> sent = cut(whole, most);
      assertThat(sent.subList(0, sent.size() - 1)).hasOnlyElementsOfType(Part.class);
      int longest = Math.max(most, gradient instanceof Rows rows ? rows.width() : 1);
      assertThat(sent).allSatisfy(m -> assertThat(values(m)).isLessThanOrEqualTo(longest));
      if (most >= 8 || gradient instanceof None) {
        assertThat(sent).containsExactly(whole);
      } else {
        assertThat(sent).hasSizeGreaterThan(most < 7 ? 1 : 0);
      }
      assertThat(receive(sent)).usingRecursiveComparison().isEqualTo(List.of(whole));
      parts.requireNone("the test looks");
    }
  }

  @Test
  void r14PartsOfSeveralSendersMayComeInAnyOrderAmongEachOther() {
    SplittableRandom random = new SplittableRandom(7);
    for (int seed = 0; seed < 200; seed++) {
      List<Contribution> whole = new ArrayList<>();
      List<Deque<Message>> channels = new ArrayList<>();
      for (int vw = 0; vw < 4; vw++) {
        float[] values = new float[10 + vw];
        for (int i = 0; i < values.length; i++) {
          values[i] = random.nextInt(1_000);
        }
        whole.add(contribution(vw, seed, new Dense(values)));
        channels.add(new ArrayDeque<>(cut(whole.get(vw), 3)));
      }
      List<Message> sent = new ArrayList<>();
      while (!channels.isEmpty()) {
        Deque<Message> channel = channels.get(random.nextInt(channels.size()));
        sent.add(channel.remove());
        channels.removeIf(Deque::isEmpty);
      }
      assertThat(receive(sent))
          .usingRecursiveFieldByFieldElementComparator()
          .containsExactlyInAnyOrderElementsOf(whole);
    }
  }

  @Test
  void r14APartOfAnotherBatchAndOneThatIsMissingAreRefused() {
    List<Message> first = cut(contribution(1, 5, new Dense(new float[9])), 3);
    List<Message> second = cut(contribution(1, 6, new Dense(new float[9])), 3);
    receive(first.subList(0, 1));
    assertThatThrownBy(() -> receive(second))
        .isInstanceOf(ProtocolException.class)
        .hasMessageContaining("a piece of batch 5 of virtual worker 1")
        .hasMessageContaining("the next one is of batch 6");
    assertThatThrownBy(() -> parts.requireNone("a checkpoint is taken"))
        .isInstanceOf(ProtocolException.class)
        .hasMessageContaining("a checkpoint is taken while contributions are here in part");

    Contribution shortened = receive(first.subList(2, 3)).get(0);
    Block block = new Block(new BlockRange(3, 0, 9, true), new float[9], new float[0][], null);
    assertThatThrownBy(() -> Contributions.check(block, shortened))
        .hasMessageContaining("values for a block of 9");
  }

  @Test
  void r14WeightsThatWereCutArePutTogetherAsTheyWere() {
    BlockLayout layout = BlockLayout.ofTensors(new int[] {2, 9}, 9, 3);
    WeightParts received = new WeightParts(layout);
    Weights small = weights(0, new float[] {8, 9});
    Weights large = weights(1, new float[] {1, 2, 3, 4, 5, 6, 7});
    List<Reply> sent = new ArrayList<>();
    WeightParts.cut(large, 3, sent::add);
    WeightParts.cut(small, 3, sent::add);
    assertThat(sent).hasSize(4);

    for (int time = 0; time < 2; time++) {
      received.take((WeightPart) sent.get(0));
      assertThat(received.join((Weights) sent.get(3))).isSameAs(small);
      received.take((WeightPart) sent.get(1));
      assertThat(received.join((Weights) sent.get(2))).usingRecursiveComparison().isEqualTo(large);
    }
    received.take((WeightPart) sent.get(0));
    assertThatThrownBy(() -> received.join((Weights) sent.get(2)))
        .isInstanceOf(ProtocolException.class)
        .hasMessageContaining("3 of the 7 values of block 1 are here");
  }

  private static Weights weights(int block, float[] values) {
    return new Weights(block, 4, new long[] {4}, new long[] {4}, values);
  }

  private static Contribution contribution(int virtualWorker, long batch, Gradient gradient) {
    return new Contribution(3, virtualWorker, batch, 99, gradient, HEADER);
  }

  private static List<Message> cut(Contribution whole, int most) {
    List<Message> sent = new ArrayList<>();
    GradientParts.cut(whole, most, sent::add);
    return sent;
  }

  private List<Contribution> receive(List<Message> sent) {
    List<Contribution> received = new ArrayList<>();
    for (Message message : sent) {
      if (message instanceof Part part) {
        parts.take(part);
      } else {
        received.add(parts.join((Contribution) message));
      }
    }
    return received;
  }

  private static int values(Message message) {
    Gradient gradient =
        message instanceof Part part ? part.gradient() : ((Contribution) message).gradient();
    if (gradient instanceof Dense dense) {
      return dense.values().length;
    }
    if (gradient instanceof Half half) {
      return half.values().length;
    }
    return gradient instanceof Rows rows ? rows.values().length : 0;
  }
}
